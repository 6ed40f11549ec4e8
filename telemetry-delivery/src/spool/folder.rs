//! The spool's folder: made, locked, marked as in use.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

const RUNNING: &[u8] = b"running";

/// Why there is no spool.
#[derive(Debug)]
#[non_exhaustive]
pub enum SpoolError {
    /// The folder cannot be made or read.
    Folder(PathBuf, io::Error),
    /// Another process has it.
    Taken(PathBuf),
    /// A newer version of this crate wrote the file.
    Version {
        /// The file.
        file: PathBuf,
        /// Its version.
        version: u32,
    },
}

impl std::fmt::Display for SpoolError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(folder, error) => write!(f, "{}: {error}", folder.display()),
            Self::Taken(folder) => write!(f, "{}: another process has this spool", folder.display()),
            Self::Version { file, version } => write!(
                f,
                "{}: a newer program wrote this spool (version {version}, this one knows 1); run that one until it is empty, or move it away",
                file.display()
            ),
        }
    }
}

impl std::error::Error for SpoolError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Folder(_, error) => Some(error),
            Self::Taken(_) | Self::Version { .. } => None,
        }
    }
}

/// Held while the folder is ours.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Makes and locks the folder; says whether the process before ended without order.
    pub(super) fn take(folder: &Path) -> Result<(Self, bool), SpoolError> {
        let failed = |error| SpoolError::Folder(folder.to_owned(), error);
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(folder.join("lock"));
        let mut file = file.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(SpoolError::Taken(folder.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        let was_running = text == RUNNING;
        if !was_running {
            mark(&mut file, RUNNING).map_err(failed)?;
        }
        Ok((Self(file), was_running))
    }

    /// Notes that the process ends in order.
    pub(super) fn release(mut self) -> io::Result<()> {
        mark(&mut self.0, b"")
    }
}

fn mark(file: &mut File, text: &[u8]) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(text)
}
