//! [`Former`] and [`Left`]: files as they were.

use std::path::PathBuf;

use crate::content::Place;
use crate::identity::FileId;
use crate::journal::Position;

/// A file that was at a path before, or that had another content.
#[derive(Clone, Debug)]
pub(crate) struct Former {
    pub(crate) place: Place,
    /// The file that the path led to.
    pub(crate) real: PathBuf,
    pub(crate) id: FileId,
    /// Milliseconds since the epoch when it was last seen there with its content.
    pub(crate) at: i64,
}

impl Former {
    /// The names that rotation may have made others of.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        [&self.place.path, &self.real].into_iter().filter_map(|path| path.file_name()?.to_str())
    }
}

/// A position that the process before left.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) place: Place,
    pub(crate) position: Position,
    /// No other file was at the path later.
    pub(crate) is_last: bool,
    /// It may wait for its folder.
    pub(crate) may_wait: bool,
}

impl Left {
    pub(crate) fn former(&self) -> Former {
        let real = self.position.real.clone().unwrap_or_else(|| self.place.path.clone());
        Former { place: self.place.clone(), real, id: self.position.file, at: self.position.at }
    }
}
