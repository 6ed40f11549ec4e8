//! What the layer and its services share.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::request::Parts;

use super::naming::Naming;
use crate::sampling::matches_pattern;

type AttributesOf = dyn Fn(&Parts) -> Vec<(&'static str, String)> + Send + Sync;

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) naming: Naming,
    pub(super) excluded: Vec<Cow<'static, str>>,
    pub(super) answers: bool,
    pub(super) attributes: Option<Arc<AttributesOf>>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("naming", &self.naming).field("excluded", &self.excluded).finish_non_exhaustive()
    }
}

impl Settings {
    pub(super) fn sampling_attributes(&self, request: &Parts) -> Vec<(&'static str, String)> {
        self.attributes.as_ref().map(|of| of(request)).unwrap_or_default()
    }

    pub(super) fn excludes(&self, path: &str) -> bool {
        self.excluded.iter().any(|pattern| matches_pattern(pattern, path))
    }
}
