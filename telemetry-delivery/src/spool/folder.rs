//! The spool's folder: made, locked, marked as in use.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
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

/// Makes a folder for this user alone, and locks the file `lock` in it for as long as that is open. Returns none if another process has it.
///
/// # Errors
/// When the folder cannot be made or the file cannot be opened. A link is refused: it could lead to a file of somebody else.
pub fn lock_folder(folder: &Path) -> io::Result<Option<File>> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32);
    let file = options.open(folder.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Held while the folder is ours.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Makes and locks the folder; says whether the process before ended without order.
    pub(super) fn take(folder: &Path) -> Result<(Self, bool), SpoolError> {
        let failed = |error| SpoolError::Folder(folder.to_owned(), error);
        // In a folder where others may write, somebody else could take away what waits.
        if std::fs::metadata(folder).is_ok_and(|metadata| metadata.mode() & 0o002 != 0) {
            return Err(failed(io::Error::other("every user may write to this folder; take that right away (chmod o-w)")));
        }
        let mut file = lock_folder(folder).map_err(failed)?.ok_or_else(|| SpoolError::Taken(folder.to_owned()))?;
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_link_in_the_place_of_the_lock_and_a_folder_of_everybodys_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        std::fs::write(&target, "kept").unwrap();
        let spool = folder.path().join("spool");
        std::fs::create_dir(&spool).unwrap();
        std::os::unix::fs::symlink(&target, spool.join("lock")).unwrap();
        assert!(Lock::take(&spool).is_err());
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "kept");
        std::fs::remove_file(spool.join("lock")).unwrap();
        std::fs::set_permissions(&spool, std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(Lock::take(&spool).unwrap_err().to_string().contains("chmod o-w"));
    }
}
