//! Which file a path stands for, over renames and restarts.

use std::fs::{File, Metadata};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;

use serde::{Deserialize, Serialize};

/// Bytes of a file's head that tell it from another with the same inode.
pub(crate) const HEAD: u64 = 1_024;

/// Device and inode: a file that is open keeps them through renames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct FileId {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

/// The checksum of a file's first bytes. Inodes are used again; heads with timestamps are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) length: u64,
    pub(crate) checksum: u32,
}

impl FileId {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

impl Head {
    /// Reads the head of at most `length` bytes.
    pub(crate) fn read(file: &mut File, length: u64) -> io::Result<Self> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        file.take(length.min(HEAD)).read_to_end(&mut bytes)?;
        Ok(Self { length: bytes.len() as u64, checksum: crc32fast::hash(&bytes) })
    }

    /// Whether the file still begins as it did.
    pub(crate) fn is_of(&self, file: &mut File) -> io::Result<bool> {
        Ok(Self::read(file, self.length)? == *self)
    }
}
