//! [`Examined`]: what is examined every few seconds.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Instant;

use super::former::Left;
use crate::content::Place;
use crate::identity::FileId;

/// A renamed file that is read to its end and closed. A writer that has not reopened its log may still write to it.
#[derive(Debug)]
pub(super) struct Resting {
    pub(super) place: Place,
    pub(super) real: PathBuf,
    pub(super) length: u64,
    /// Larger for those that were registered later.
    pub(super) number: u64,
}

/// All that is examined at times.
#[derive(Debug, Default)]
pub(crate) struct Examined {
    pub(super) resting: HashMap<(FileId, usize), Resting>,
    /// Positions whose folder is not there, and until when they wait.
    pub(super) away: Vec<(Left, Instant)>,
    pub(super) again_at: Option<Instant>,
    pub(super) registered: u64,
}
