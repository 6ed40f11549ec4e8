//! Where the spool is, how large it may be, and what goes there.

use std::path::PathBuf;

/// What goes to disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpoolMode {
    /// What memory has no room for, and what is left at the end.
    Overflow,
    /// Everything, within 100 ms, synchronised.
    Always,
}

/// Where and how much.
#[derive(Clone, Debug, PartialEq)]
pub struct SpoolSettings {
    /// The folder, made with mode 0700 if it is not there. No two processes can have it.
    pub folder: PathBuf,
    /// What goes there.
    pub mode: SpoolMode,
    /// Bytes of all files; beyond, the oldest goes.
    pub bytes: u64,
    /// The share that it may have of what is free on its disk without it, 0 to 1; the oldest file goes for it too.
    pub share: f64,
}
