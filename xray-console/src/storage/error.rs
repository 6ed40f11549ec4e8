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
    /// The file is damaged, or no SQLite file.
    #[error("storage file {0} cannot be read: {1}; choose another with --data, or move it away")]
    Unreadable(PathBuf, rusqlite::Error),
    /// The file has tables that the console did not make.
    #[error("storage file {0} is a database of another program; choose another with --data")]
    Foreign(PathBuf),
    /// A later version of the console has written the file.
    #[error("storage file {} was written by a later version of the console (version {version} of its tables); run that one, or choose another with --data", file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// The version of its tables.
        version: u32,
    },
    /// The file cannot be made.
    #[error("storage file {0}: {1}")]
    File(PathBuf, std::io::Error),
}
