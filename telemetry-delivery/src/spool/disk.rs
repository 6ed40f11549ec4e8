//! [`Disk`]: every write passes here, so that tests can break any of them.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// What is done to files. Default: what it says.
pub(super) trait Disk: Send + std::fmt::Debug {
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

    /// The free share of the disk, 0 to 1; `None` if nobody knows.
    fn free(&mut self, folder: &Path) -> Option<f64> {
        let disk = rustix::fs::statvfs(folder).ok()?;
        (disk.f_blocks > 0).then(|| disk.f_bavail as f64 / disk.f_blocks as f64)
    }
}

/// The real one.
#[derive(Debug)]
pub(super) struct RealDisk;

impl Disk for RealDisk {}
