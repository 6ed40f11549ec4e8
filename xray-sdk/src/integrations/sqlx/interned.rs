//! Names of databases, kept for the life of the process: a statement then borrows its name.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

/// Names that are kept. A process that connects to more databases copies the further names with each statement.
const KEPT: usize = 1_024;

/// Returns the name, borrowed if there is room.
pub(super) fn interned(name: &str) -> Cow<'static, str> {
    // Read with each statement and written with each new database: readers take no lock.
    static NAMES: ArcSwapOption<HashSet<&'static str>> = ArcSwapOption::const_empty();
    let names = NAMES.load();
    if let Some(known) = names.as_ref().and_then(|names| names.get(name)) {
        return Cow::Borrowed(known);
    }
    if names.as_ref().is_some_and(|names| names.len() >= KEPT) {
        return Cow::Owned(name.to_owned());
    }
    let kept: &'static str = name.to_owned().leak();
    NAMES.rcu(|names| {
        let mut names = names.as_deref().cloned().unwrap_or_default();
        names.insert(kept);
        Some(Arc::new(names))
    });
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
