//! What the layer and its services share.

use std::borrow::Cow;

use super::naming::Naming;
use crate::sampling::matches_pattern;

#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) naming: Naming,
    pub(super) excluded: Vec<Cow<'static, str>>,
    pub(super) answers: bool,
}

impl Settings {
    pub(super) fn excludes(&self, path: &str) -> bool {
        self.excluded.iter().any(|pattern| matches_pattern(pattern, path))
    }
}
