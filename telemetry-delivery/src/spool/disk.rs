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
