//! [`Disk`]: every write passes here, so that tests can break any of them.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// What is done to files. Default: what it says.
pub(crate) trait Disk: Send + std::fmt::Debug {
    /// Appends all of the bytes.
    fn append(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    /// Cuts a file after an append that failed.
    fn cut(&mut self, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    /// Waits until the disk has the file.
    fn synchronise(&mut self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    /// Deletes a file.
    fn remove(&mut self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    /// Bytes that are free for us; `None` if nobody knows.
    fn free(&mut self, folder: &Path) -> Option<u64> {
        let disk = rustix::fs::statvfs(folder).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }
}

/// The real one.
#[derive(Debug)]
pub(crate) struct RealDisk;

impl Disk for RealDisk {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_cut_and_a_folder_has_room() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = File::create(folder.path().join("file")).unwrap();
        RealDisk.append(&mut file, b"abcdef").unwrap();
        RealDisk.cut(&file, 3).unwrap();
        RealDisk.synchronise(&file).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 3);
        assert!(RealDisk.free(folder.path()).is_some_and(|bytes| bytes > 0));
        assert_eq!(RealDisk.free(Path::new("/nowhere")), None);
    }
}
