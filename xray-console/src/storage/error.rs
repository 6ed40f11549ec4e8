//! [`StorageError`].

use std::path::PathBuf;

/// Why storage did not answer.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// SQLite's own error; a full disk is one of them.
    #[error("storage: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The writer's thread has ended.
    #[error("storage has stopped")]
    Stopped,
    /// The file cannot be made.
    #[error("storage file {0}: {1}")]
    File(PathBuf, std::io::Error),
}
