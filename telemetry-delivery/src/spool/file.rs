//! [`SpoolFile`]: one file and the blocks in it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::block::{BlockHeader, HEADER, next_magic};
use super::disk::Disk;

/// Bytes before the first block.
pub(super) const FILE_HEADER: u64 = 16;
const NAME: &[u8; 8] = b"TELSPOOL";
/// The version of the layout.
const VERSION: u32 = 1;

/// A file of the spool.
#[derive(Debug)]
pub(super) struct SpoolFile {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    pub(super) file: File,
    /// Up to the end of the last whole block.
    pub(super) length: u64,
    pub(super) blocks: Vec<Entry>,
    /// All blocks before this one have come to their end.
    pub(super) first: usize,
    /// No block before this one waits.
    pub(super) next: usize,
}

/// A block in a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) offset: u64,
    pub(super) header: BlockHeader,
    pub(super) state: State,
}

/// What has become of a block's items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// On disk only.
    Waiting,
    /// So many of them are in memory too.
    Loaded(u32),
    /// Nobody needs them any more.
    Ended,
}

/// Why a file is not read.
#[derive(Debug)]
pub(super) enum Unreadable {
    Version(u32),
    Io(io::Error),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl SpoolFile {
    pub(super) fn path_of(folder: &Path, number: u64) -> PathBuf {
        folder.join(format!("{number:020}.spool"))
    }

    /// The number in a file's name.
    pub(super) fn number_of(path: &Path) -> Option<u64> {
        let is_ours = path.extension().is_some_and(|extension| extension == "spool");
        is_ours.then(|| path.file_stem()?.to_str()?.parse().ok()).flatten()
    }

    /// Makes a file that is not there yet.
    pub(super) fn create(folder: &Path, number: u64, disk: &mut dyn Disk) -> io::Result<Self> {
        let path = Self::path_of(folder, number);
        let mut file = OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(&path)?;
        let mut header = [0; FILE_HEADER as usize];
        header[..8].copy_from_slice(NAME);
        header[8..12].copy_from_slice(&VERSION.to_le_bytes());
        if let Err(error) = disk.append(&mut file, &header) {
            let _it_is_empty_anyway = std::fs::remove_file(&path);
            return Err(error);
        }
        Ok(Self { number, path, file, length: FILE_HEADER, blocks: Vec::new(), first: 0, next: 0 })
    }

    /// Returns whether it was deleted: only this process can read it now.
    pub(super) fn is_deleted(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
    }

    /// Writes a deleted file again under its name.
    pub(super) fn restore(&mut self, disk: &mut dyn Disk) -> io::Result<()> {
        const CHUNK: u64 = 1 << 20;
        let mut file = OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(&self.path)?;
        let mut at = 0;
        while at < self.length {
            let mut bytes = vec![0; CHUNK.min(self.length - at) as usize];
            let restored = self.file.read_exact_at(&mut bytes, at).and_then(|()| disk.append(&mut file, &bytes));
            if let Err(error) = restored {
                let _it_is_in_memory_yet = std::fs::remove_file(&self.path);
                return Err(error);
            }
            at += bytes.len() as u64;
        }
        disk.synchronise(&file)?;
        self.file = file;
        Ok(())
    }

    /// Opens a file that another process left, and says how many bytes of it make no block.
    pub(super) fn open(path: PathBuf, number: u64) -> Result<(Self, u64), Unreadable> {
        let file = OpenOptions::new().read(true).open(&path)?;
        let size = file.metadata()?.len();
        let mut header = [0; FILE_HEADER as usize];
        let is_whole = size >= FILE_HEADER && file.read_exact_at(&mut header, 0).is_ok();
        let version = u32::from_le_bytes([header[8], header[9], header[10], header[11]]);
        if is_whole && header[..8] == *NAME && version != VERSION {
            return Err(Unreadable::Version(version));
        }
        let mut opened = Self { number, path, file, length: FILE_HEADER.min(size), blocks: Vec::new(), first: 0, next: 0 };
        let skipped = opened.scan(size)?;
        Ok((opened, skipped))
    }

    /// Walks from header to header.
    fn scan(&mut self, size: u64) -> io::Result<u64> {
        let mut skipped = 0;
        let mut at = self.length;
        while at < size {
            if let Some(header) = self.header_at(at, size)? {
                self.blocks.push(Entry { offset: at, header, state: State::Waiting });
                at += HEADER as u64 + u64::from(header.stored);
                self.length = at;
            } else {
                let next = self.next_header(at + 1, size)?.unwrap_or(size);
                skipped += next - at;
                at = next;
            }
        }
        Ok(skipped)
    }

    /// The header of a block that is there as a whole.
    fn header_at(&self, at: u64, size: u64) -> io::Result<Option<BlockHeader>> {
        if at + HEADER as u64 > size {
            return Ok(None);
        }
        let mut bytes = [0; HEADER];
        self.file.read_exact_at(&mut bytes, at)?;
        Ok(BlockHeader::decode(&bytes).filter(|header| at + HEADER as u64 + u64::from(header.stored) <= size))
    }

    fn next_header(&self, from: u64, size: u64) -> io::Result<Option<u64>> {
        let mut rest = vec![0; size.saturating_sub(from) as usize];
        self.file.read_exact_at(&mut rest, from)?;
        let mut at = 0;
        while let Some(found) = next_magic(&rest, at) {
            if self.header_at(from + found as u64, size)?.is_some() {
                return Ok(Some(from + found as u64));
            }
            at = found + 1;
        }
        Ok(None)
    }

    /// Notes a block that was appended.
    pub(super) fn add(&mut self, encoded: &[u8]) {
        if let Some(header) = BlockHeader::decode(encoded) {
            self.blocks.push(Entry { offset: self.length, header, state: State::Waiting });
            self.length += encoded.len() as u64;
        }
    }

    /// Reads a block's items; `None` if they are not what was written.
    pub(super) fn read(&self, block: usize) -> io::Result<Option<Vec<u8>>> {
        let Some(entry) = self.blocks.get(block) else { return Ok(None) };
        let mut stored = vec![0; entry.header.stored as usize];
        self.file.read_exact_at(&mut stored, entry.offset + HEADER as u64)?;
        Ok(entry.header.open(&stored))
    }

    /// The first block that waits.
    pub(super) fn next_waiting(&mut self) -> Option<usize> {
        while self.blocks.get(self.next).is_some_and(|entry| entry.state != State::Waiting) {
            self.next += 1;
        }
        (self.next < self.blocks.len()).then_some(self.next)
    }

    /// Whether all blocks have come to their end.
    pub(super) fn is_ended(&mut self) -> bool {
        while self.blocks.get(self.first).is_some_and(|entry| entry.state == State::Ended) {
            self.first += 1;
        }
        self.first == self.blocks.len()
    }

    /// Items that wait.
    pub(super) fn waiting(&self) -> u64 {
        self.blocks.iter().filter(|entry| entry.state == State::Waiting).map(|entry| u64::from(entry.header.items)).sum()
    }

    /// Items that are in memory too.
    pub(super) fn loaded(&self) -> u64 {
        let of = |entry: &Entry| if let State::Loaded(items) = entry.state { u64::from(items) } else { 0 };
        self.blocks.iter().map(of).sum()
    }

    /// Where the first block is that has not come to its end.
    pub(super) fn first_offset(&self) -> u64 {
        self.blocks.get(self.first).map_or(self.length, |entry| entry.offset)
    }
}
