//! [`World`]: variables and files, the process's own or a test's.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// What can be looked at.
#[derive(Clone)]
pub struct World {
    lookup: Arc<Lookup>,
    root: PathBuf,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("root", &self.root).finish_non_exhaustive()
    }
}

impl World {
    /// The process's variables, the system's files.
    #[must_use]
    pub fn here() -> Self {
        Self::new(|name| std::env::var(name).ok(), "/")
    }

    /// Other variables, and files below another folder.
    pub fn new(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static, root: impl Into<PathBuf>) -> Self {
        Self { lookup: Arc::new(lookup), root: root.into() }
    }

    /// A variable that is set and not blank.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// A file's text; `None` for anything that is not readable text.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.path(path)).ok()
    }

    /// Whether there is such a file.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }
}
