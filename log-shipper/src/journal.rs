//! [`Journal`]: remembers positions over restarts.
//!
//! One record per line of text: eight hexadecimal digits of CRC-32, a blank, and JSON `{"file":{...},"head":{...},"offset":n}`.
//! Records are appended and synced; the last good record of a file counts. A torn tail fails its checksum and is skipped, which
//! costs repeated lines and never skipped ones. When it has grown tenfold, the journal is written anew beside itself, synced and
//! renamed. The file is readable by its owner only.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::identity::{FileId, Head};

/// Records of files that are gone are kept this long in number, newest first.
const KEPT: usize = 10_000;

/// How far a file is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) file: FileId,
    pub(crate) head: Head,
    pub(crate) offset: u64,
}

/// The journal of one shipper.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    positions: BTreeMap<FileId, Position>,
    records: usize,
}

impl Journal {
    /// Opens the journal in a folder, which is made if it is not there.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let path = folder.join("positions.journal");
        let text = match std::fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let records: Vec<Position> = text.lines().filter_map(read_record).collect();
        let mut file = append_to(&path)?;
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n")?;
        }
        let positions = records.iter().map(|position| (position.file, *position)).collect();
        Ok(Self { path, file, positions, records: records.len() })
    }

    /// The last position of a file.
    pub(crate) fn position(&self, file: FileId) -> Option<Position> {
        self.positions.get(&file).copied()
    }

    /// Appends positions and syncs them.
    pub(crate) fn record(&mut self, positions: &[Position]) -> io::Result<()> {
        if positions.is_empty() {
            return Ok(());
        }
        let text: String = positions.iter().map(record).collect();
        self.file.write_all(text.as_bytes())?;
        self.file.sync_data()?;
        self.records += positions.len();
        self.positions.extend(positions.iter().map(|position| (position.file, *position)));
        if self.records > 10 * self.positions.len().max(100) { self.compact() } else { Ok(()) }
    }

    fn compact(&mut self) -> io::Result<()> {
        while self.positions.len() > KEPT {
            self.positions.pop_first();
        }
        let beside = self.path.with_extension("new");
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&beside)?;
        let text: String = self.positions.values().map(record).collect();
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.path)?;
        if let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        self.file = append_to(&self.path)?;
        self.records = self.positions.len();
        Ok(())
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

fn record(position: &Position) -> String {
    let json = serde_json::to_string(position).unwrap_or_default();
    format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()))
}

fn read_record(line: &str) -> Option<Position> {
    let (checksum, json) = line.split_once(' ')?;
    let is_whole = u32::from_str_radix(checksum, 16).ok()? == crc32fast::hash(json.as_bytes());
    if is_whole { serde_json::from_str(json).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(inode: u64, offset: u64) -> Position {
        Position { file: FileId { device: 1, inode }, head: Head { length: 3, checksum: 7 }, offset }
    }

    #[test]
    fn the_last_record_of_a_file_counts_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        journal.record(&[position(1, 10), position(2, 20)]).unwrap();
        journal.record(&[position(1, 30)]).unwrap();
        drop(journal);
        let journal = Journal::open(folder.path()).unwrap();
        assert_eq!(journal.position(FileId { device: 1, inode: 1 }), Some(position(1, 30)));
        assert_eq!(journal.position(FileId { device: 1, inode: 2 }), Some(position(2, 20)));
    }

    #[test]
    fn a_torn_record_is_skipped_and_the_one_before_counts() {
        let folder = tempfile::tempdir().unwrap();
        Journal::open(folder.path()).unwrap().record(&[position(1, 10), position(1, 30)]).unwrap();
        let path = folder.path().join("positions.journal");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.truncate(bytes.len() - 5);
        std::fs::write(&path, &bytes).unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        assert_eq!(journal.position(FileId { device: 1, inode: 1 }), Some(position(1, 10)));
        journal.record(&[position(1, 40)]).unwrap();
        assert_eq!(Journal::open(folder.path()).unwrap().position(FileId { device: 1, inode: 1 }), Some(position(1, 40)));
    }

    #[test]
    fn a_grown_journal_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        for offset in 0..2_500 {
            journal.record(&[position(1, offset)]).unwrap();
        }
        let size = std::fs::metadata(folder.path().join("positions.journal")).unwrap().len();
        assert!(size < 150_000, "{size}");
        assert_eq!(Journal::open(folder.path()).unwrap().position(FileId { device: 1, inode: 1 }), Some(position(1, 2_499)));
    }
}
