//! [`Journal`]: remembers positions over restarts.
//!
//! One record per line of text: eight hexadecimal digits of CRC-32, a blank, and a [`Position`] as JSON. Records are appended and
//! synced; the last good record of a file and a stream counts, and one that says `gone` forgets it. A torn tail fails its checksum
//! and is skipped, which costs repeated lines and never skipped ones. When it has grown tenfold, the journal is written anew beside
//! itself, synced and renamed. The files are readable by their owner only, and a lock keeps a second process out.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use telemetry_delivery::lock_folder;

use crate::event::Target;
use crate::identity::{FileId, Head, Mark};
use crate::tail::Before;

/// Positions that are kept; beyond, those that have not moved for longest go. Files that are there are recorded at each start.
const KEPT: usize = 100_000;

/// The position up to which a file is delivered to a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) file: FileId,
    /// None in records of earlier versions, which sent a file to one stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<Target>,
    /// The path that a pattern matched, when the file was last seen under one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<PathBuf>,
    /// The file that the path leads to over links, if that is another path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) real: Option<PathBuf>,
    pub(crate) head: Head,
    /// Of the bytes before `offset`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mark: Option<Mark>,
    pub(crate) offset: u64,
    /// The length that was last seen.
    #[serde(default)]
    pub(crate) length: u64,
    /// Milliseconds since the epoch when the file was last found to have this content.
    #[serde(default)]
    pub(crate) at: i64,
    /// The file was deleted: its position is forgotten.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) gone: bool,
}

impl Position {
    /// The content that was delivered so far.
    pub(crate) const fn before(&self) -> Before {
        Before { head: self.head, mark: self.mark, read_to: self.offset, offset: self.offset, length: self.length }
    }
}

/// A position, and the number of its record.
#[derive(Clone, Debug)]
struct Entry {
    number: u64,
    position: Position,
}

/// The journal of one shipper.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    /// By device and inode: an inode has one file at a time, and that goes to few streams.
    entries: HashMap<(u64, u64), Vec<Entry>>,
    records: u64,
    next: u64,
    _lock: File,
}

impl Journal {
    /// Opens the journal in a folder, which is made if it is not there.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        // Two shippers on one journal would send every line twice.
        let taken = || io::Error::new(io::ErrorKind::ResourceBusy, "another process ships from this folder");
        let lock = lock_folder(folder)?.ok_or_else(taken)?;
        let path = folder.join("positions.journal");
        let text = match std::fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let mut file = append_to(&path)?;
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n")?;
        }
        let mut journal = Self { path, file, entries: HashMap::new(), records: 0, next: 0, _lock: lock };
        text.lines().filter_map(read_record).for_each(|position| journal.note(position));
        Ok(journal)
    }

    /// The last position of a file in a stream: its own, else that of an earlier version, else that of a stream that is no longer
    /// configured, since renaming a stream is no reason to send everything again.
    pub(crate) fn position(&self, file: FileId, to: &Target, is_configured: impl Fn(&Target) -> bool) -> Option<&Position> {
        let of_file =
            || self.entries.get(&(file.device, file.inode)).into_iter().flatten().filter(|entry| entry.position.file.may_be(&file));
        let own = of_file().find(|entry| entry.position.to.as_ref() == Some(to));
        let is_orphan = |entry: &&Entry| entry.position.to.as_ref().is_none_or(|to| !is_configured(to));
        own.or_else(|| of_file().filter(is_orphan).max_by_key(|entry| entry.number)).map(|entry| &entry.position)
    }

    /// Returns the path of the journal's file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// All positions that are remembered.
    pub(crate) fn positions(&self) -> impl Iterator<Item = &Position> {
        self.entries.values().flatten().map(|entry| &entry.position)
    }

    /// Appends positions and syncs them.
    pub(crate) fn record(&mut self, positions: &[Position]) -> io::Result<()> {
        if positions.is_empty() {
            return Ok(());
        }
        let text: String = positions.iter().map(record).collect();
        self.file.write_all(text.as_bytes())?;
        self.file.sync_data()?;
        positions.iter().for_each(|position| self.note(position.clone()));
        if self.records > 10 * (self.entries.len() as u64).max(100) { self.compact() } else { Ok(()) }
    }

    /// A record replaces what was known of its inode for the same stream, or for none as in earlier versions: that is of the same
    /// file, or of one that was deleted.
    fn note(&mut self, position: Position) {
        (self.records, self.next) = (self.records + 1, self.next + 1);
        let entries = self.entries.entry((position.file.device, position.file.inode)).or_default();
        entries.retain(|entry| entry.position.to.is_some() && entry.position.to != position.to);
        if !position.gone {
            entries.push(Entry { number: self.next, position });
        }
    }

    fn compact(&mut self) -> io::Result<()> {
        let mut entries: Vec<Entry> = self.entries.drain().flat_map(|(_, entries)| entries).collect();
        entries.sort_by_key(|entry| entry.number);
        entries.drain(..entries.len().saturating_sub(KEPT));
        let positions: Vec<Position> = entries.into_iter().map(|entry| entry.position).collect();
        positions.iter().for_each(|position| self.note(position.clone()));
        let beside = self.path.with_extension("new");
        let mut file = options().create(true).truncate(true).write(true).open(&beside)?;
        let text: String = positions.iter().map(record).collect();
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.path)?;
        if let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        self.file = append_to(&self.path)?;
        self.records = positions.len() as u64;
        Ok(())
    }
}

/// Links are refused: one could lead the agent to write over a file of somebody else.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600).custom_flags(libc::O_NOFOLLOW);
    options
}

fn append_to(path: &Path) -> io::Result<File> {
    options().create(true).append(true).open(path)
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

    fn to(stream: &str) -> Target {
        Target { group: "g".into(), stream: stream.into() }
    }

    fn file(inode: u64) -> FileId {
        FileId { device: 1, inode, born: 5 }
    }

    fn position(inode: u64, offset: u64) -> Position {
        let head = Head { length: 3, checksum: 7 };
        Position {
            file: file(inode),
            to: Some(to("s")),
            path: None,
            real: None,
            head,
            mark: None,
            offset,
            length: offset,
            at: 0,
            gone: false,
        }
    }

    fn offset(journal: &Journal, inode: u64) -> Option<u64> {
        journal.position(file(inode), &to("s"), |_| true).map(|position| position.offset)
    }

    #[test]
    fn the_last_record_of_a_file_counts_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        journal.record(&[position(1, 10), position(2, 20), position(3, 5)]).unwrap();
        journal.record(&[position(1, 30), Position { gone: true, ..position(3, 5) }]).unwrap();
        drop(journal);
        let journal = Journal::open(folder.path()).unwrap();
        assert_eq!([1, 2, 3].map(|inode| offset(&journal, inode)), [Some(30), Some(20), None]);
    }

    #[test]
    fn another_file_with_the_same_inode_has_no_position() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        journal.record(&[position(1, 10)]).unwrap();
        assert!(journal.position(FileId { born: 6, ..file(1) }, &to("s"), |_| true).is_none());
    }

    #[test]
    fn each_stream_has_its_position_and_a_renamed_stream_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        journal.record(&[position(1, 10)]).unwrap();
        assert!(journal.position(file(1), &to("new"), |_| true).is_none(), "a second stream begins at the beginning");
        assert_eq!(journal.position(file(1), &to("new"), |to| to.stream == "new").map(|position| position.offset), Some(10));
    }

    #[test]
    fn records_of_earlier_versions_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let json = r#"{"file":{"device":1,"inode":1},"head":{"length":3,"checksum":7},"offset":10}"#;
        std::fs::write(folder.path().join("positions.journal"), format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()))).unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        assert_eq!(offset(&journal, 1), Some(10));
        journal.record(&[position(1, 20)]).unwrap();
        assert_eq!((offset(&journal, 1), journal.positions().count()), (Some(20), 1));
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
        assert_eq!(offset(&journal, 1), Some(10));
        journal.record(&[position(1, 40)]).unwrap();
        drop(journal);
        assert_eq!(offset(&Journal::open(folder.path()).unwrap(), 1), Some(40));
    }

    #[test]
    fn a_grown_journal_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        for offset in 0..2_500 {
            journal.record(&[position(1, offset)]).unwrap();
        }
        let size = std::fs::metadata(folder.path().join("positions.journal")).unwrap().len();
        assert!(size < 300_000, "{size}");
        drop(journal);
        assert_eq!(offset(&Journal::open(folder.path()).unwrap(), 1), Some(2_499));
    }

    #[test]
    fn a_second_process_and_links_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        assert!(Journal::open(folder.path()).unwrap_err().to_string().contains("another process"));
        drop(journal);
        let target = folder.path().join("target");
        std::fs::write(&target, "kept").unwrap();
        for name in ["lock", "positions.journal"] {
            let path = folder.path().join(name);
            std::fs::remove_file(&path).unwrap();
            std::os::unix::fs::symlink(&target, &path).unwrap();
            assert!(Journal::open(folder.path()).is_err(), "{name}");
            std::fs::remove_file(&path).unwrap();
            drop(Journal::open(folder.path()).unwrap());
        }
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "kept");
    }
}
