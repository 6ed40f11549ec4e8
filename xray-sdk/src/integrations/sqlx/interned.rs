//! Names of databases, kept for the life of the process: a statement then borrows its name.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Names that are kept. Whoever connects to more databases than that pays a copy with each statement.
const KEPT: usize = 1_024;

/// The name, borrowed if there is room.
pub(super) fn interned(name: &str) -> Cow<'static, str> {
    static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_default();
    if let Some(known) = names.get(name) {
        return Cow::Borrowed(known);
    }
    if names.len() >= KEPT {
        return Cow::Owned(name.to_owned());
    }
    let kept: &'static str = name.to_owned().leak();
    names.insert(kept);
    Cow::Borrowed(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_names_are_kept_and_further_ones_are_still_right() {
        for number in 0..2 * KEPT {
            assert_eq!(interned(&format!("db{number}@h")), format!("db{number}@h"));
        }
        assert!(matches!(interned("db0@h"), Cow::Borrowed(_)));
    }
}
