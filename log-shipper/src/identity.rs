//! The identity of files over renames, copies and restarts.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

/// Bytes of a [`Head`] and of a [`Mark`].
pub(crate) const SAMPLE: u64 = 1_024;

/// Device, inode and birth: a file keeps them through renames.
///
/// File systems use the inode of a deleted file again, XFS at once. The time of birth tells the two apart; where the file system
/// has none, `born` is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct FileId {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    /// Nanoseconds since the epoch.
    #[serde(default)]
    pub(crate) born: u64,
}

impl FileId {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let born = metadata.created().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let born = born.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(0));
        Self { device: metadata.dev(), inode: metadata.ino(), born }
    }

    /// Returns whether both may be one file: the same inode, and no times of birth that differ.
    pub(crate) const fn may_be(&self, other: &Self) -> bool {
        self.device == other.device && self.inode == other.inode && (self.born == other.born || self.born == 0 || other.born == 0)
    }
}

/// The checksum of a file's first bytes, at most [`SAMPLE`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) length: u64,
    pub(crate) checksum: u32,
}

impl Head {
    /// Reads the head of the first `length` bytes.
    pub(crate) fn read(file: &File, length: u64) -> io::Result<Self> {
        let bytes = bytes_at(file, 0, length.min(SAMPLE))?;
        Ok(Self { length: bytes.len() as u64, checksum: crc32fast::hash(&bytes) })
    }

    /// Returns whether the file begins like that.
    pub(crate) fn is_of(&self, file: &File) -> io::Result<bool> {
        Ok(Self::read(file, self.length)? == *self)
    }
}

/// The checksum of the last bytes before an offset, at most [`SAMPLE`]: with the [`Head`] it tells a file, and a copy of it, from
/// another that begins alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) length: u64,
    pub(crate) checksum: u32,
}

impl Mark {
    /// Reads the mark before `offset`.
    pub(crate) fn read(file: &File, offset: u64) -> io::Result<Self> {
        let length = offset.min(SAMPLE);
        let bytes = bytes_at(file, offset - length, length)?;
        Ok(Self { length: bytes.len() as u64, checksum: crc32fast::hash(&bytes) })
    }

    /// Returns whether the file has it before `offset`.
    pub(crate) fn is_of(&self, file: &File, offset: u64) -> io::Result<bool> {
        Ok(Self::read(file, offset)? == *self)
    }
}

/// Bytes from an offset, fewer at the end of the file.
pub(crate) fn bytes_at(file: &File, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}
