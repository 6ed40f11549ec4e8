//! [`Tail`]: reads the lines of one file, from where delivery has got to.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

#[cfg(target_os = "linux")]
use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::identity::{FileId, Head, Mark, SAMPLE, bytes_at};
use crate::lines::{Lines, Splitter};

/// Bytes read at once.
const CHUNK: u64 = 256 * 1024;

/// A file that is read while it grows. It is opened when there is something to read, and may be closed at any time: what it has
/// of a line without an end is read again then. An open file is read on after a rename and after its deletion.
#[derive(Debug)]
pub(crate) struct Tail {
    pub(crate) id: FileId,
    /// Path at which it can be opened; not a link.
    pub(crate) path: PathBuf,
    file: Option<File>,
    head: Head,
    mark: Mark,
    /// The offset up to which bytes were read.
    read_to: u64,
    splitter: Splitter,
    /// The file when its end was last reached.
    at_end: Option<State>,
    /// The length that was last seen.
    length: u64,
}

/// Length and time of modification: one of them changes with each write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    length: u64,
    modified: (i64, i64),
}

impl State {
    fn of(metadata: &Metadata) -> Self {
        Self { length: metadata.len(), modified: (metadata.mtime(), metadata.mtime_nsec()) }
    }
}

/// The content that a file had before it was truncated or written anew: what its copy begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Before {
    pub(crate) head: Head,
    pub(crate) mark: Option<Mark>,
    /// The offset that the mark is of.
    pub(crate) read_to: u64,
    /// The offset up to which lines were given.
    pub(crate) offset: u64,
    /// The length that was last seen.
    pub(crate) length: u64,
}

impl Before {
    /// Returns whether a file has this content, and perhaps more behind it.
    pub(crate) fn is_in(&self, file: &File, length: u64) -> io::Result<bool> {
        let has_mark = |mark: Mark| mark.is_of(file, self.read_to);
        Ok(self.head.length > 0 && length >= self.read_to && self.head.is_of(file)? && self.mark.map_or(Ok(true), has_mark)?)
    }
}

/// Result of a look at a file.
#[derive(Debug, Default)]
pub(crate) struct Glance {
    pub(crate) lines: Lines,
    /// It no longer begins with what was read of it: somebody truncated it or wrote it anew. It is read from its beginning.
    pub(crate) before: Option<Before>,
    /// There is more to read at once.
    pub(crate) has_more: bool,
}

impl Tail {
    /// A file that is read from its beginning. Nothing is opened yet.
    pub(crate) fn new(path: PathBuf, id: FileId) -> Self {
        let (head, mark) = (Head::default(), Mark::default());
        Self { id, path, file: None, head, mark, read_to: 0, splitter: Splitter::default(), at_end: None, length: 0 }
    }

    /// A file that is read on behind the lines that were given of `before`; none if it does not have that content.
    pub(crate) fn resumed(path: PathBuf, id: FileId, before: &Before) -> io::Result<Option<Self>> {
        let mut tail = Self::new(path, id);
        let (file, _) = tail.open()?;
        let length = file.metadata()?.len();
        if !before.is_in(file, length)? {
            return Ok(None);
        }
        let (head, mark) = (Head::read(file, length)?, Mark::read(file, before.offset)?);
        (tail.head, tail.mark, tail.read_to, tail.length) = (head, mark, before.offset, length);
        Ok(Some(tail))
    }

    /// Reads at most one chunk of what is new. Whether the file was opened for it.
    pub(crate) fn look(&mut self, metadata: &Metadata, opened: &mut bool) -> io::Result<Glance> {
        let mut glance = Glance::default();
        let length_before = std::mem::replace(&mut self.length, metadata.len());
        let state = State::of(metadata);
        if self.at_end == Some(state) || self.at_end.is_none() && self.length == 0 && self.read_to == 0 {
            return Ok(glance);
        }
        let (read_to, head, mark) = (self.read_to, self.head, self.mark);
        let (file, is_new) = self.open()?;
        *opened = is_new;
        let state = State::of(&file.metadata()?);
        let is_changed = state.length < read_to || !head.is_of(file)? || !mark.is_of(file, read_to)?;
        let read_to = if is_changed { 0 } else { read_to };
        let head = if is_changed || head.length < SAMPLE { Head::read(file, state.length)? } else { head };
        let bytes = bytes_at(file, read_to, CHUNK.min(state.length.saturating_sub(read_to)))?;
        if read_to == 0 && (bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff])) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is UTF-16, which is not read; write logs as UTF-8"));
        }
        let end = read_to + bytes.len() as u64;
        let mark = Mark::read(file, end)?;
        if is_changed {
            glance.before = Some(Before { length: length_before.max(self.read_to), ..self.before() });
            self.splitter.clear();
        }
        self.splitter.take(&bytes, read_to, &mut glance.lines);
        (self.head, self.mark, self.read_to, self.length) = (head, mark, end, state.length);
        self.at_end = (end >= state.length).then_some(state);
        glance.has_more = self.at_end.is_none() && !bytes.is_empty();
        Ok(glance)
    }

    /// Returns the last line, which has no line feed. A file that was closed is read again for it.
    pub(crate) fn last_line(&mut self) -> io::Result<Lines> {
        let mut lines = Lines::default();
        let (read_to, until) = (self.read_to, self.length);
        if read_to < until {
            let (file, _) = self.open()?;
            let bytes = bytes_at(file, read_to, CHUNK.min(until - read_to))?;
            let end = read_to + bytes.len() as u64;
            self.mark = Mark::read(file, end)?;
            self.splitter.take(&bytes, read_to, &mut lines);
            self.read_to = end;
        }
        self.splitter.end(self.read_to, &mut lines);
        Ok(lines)
    }

    /// Gives the descriptor back.
    pub(crate) fn close(&mut self) {
        self.read_to = self.offset();
        if self.splitter.pending() > 0 {
            self.mark = self.file.as_ref().and_then(|file| Mark::read(file, self.read_to).ok()).unwrap_or_default();
        }
        self.splitter.clear();
        self.file = None;
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// Returns the metadata of the file, if it is open.
    pub(crate) fn metadata(&self) -> Option<io::Result<Metadata>> {
        self.file.as_ref().map(File::metadata)
    }

    /// The offset up to which lines were given.
    pub(crate) fn offset(&self) -> u64 {
        self.read_to - self.splitter.pending()
    }

    /// Bytes in memory of a line that has no end yet.
    pub(crate) fn pending(&self) -> u64 {
        self.splitter.pending()
    }

    /// Bytes of the file, as last seen, whose lines were not given.
    pub(crate) fn unread(&self) -> u64 {
        self.length.saturating_sub(self.offset())
    }

    /// Returns whether the last look read up to the end.
    pub(crate) const fn is_at_end(&self) -> bool {
        self.at_end.is_some() || self.length == 0
    }

    pub(crate) const fn head(&self) -> Head {
        self.head
    }

    pub(crate) const fn length(&self) -> u64 {
        self.length
    }

    /// The mark before an offset that was read, if it is known or the file is open.
    pub(crate) fn mark_at(&self, offset: u64) -> Option<Mark> {
        if offset == self.read_to {
            return Some(self.mark);
        }
        Mark::read(self.file.as_ref()?, offset).ok()
    }

    /// The content that was read so far.
    pub(crate) fn before(&self) -> Before {
        Before {
            head: self.head,
            mark: Some(self.mark),
            read_to: self.read_to,
            offset: self.offset(),
            length: self.length.max(self.read_to),
        }
    }

    /// Returns whether another file is a copy of this one: has its content so far, or the beginning of it. A copy is not longer than
    /// its original, unless that was truncated meanwhile.
    pub(crate) fn is_copied_to(&self, other: &File, length: u64) -> io::Result<bool> {
        let before = self.before();
        let has_all = before.is_in(other, length)?;
        // For this question alone: it does not count as open.
        let opened = if self.file.is_none() { open(&self.path).ok() } else { None };
        let Some(file) = self.file.as_ref().or(opened.as_ref()) else { return Ok(has_all) };
        let original = file.metadata()?.len();
        if before.head.length > 0 && !before.is_in(file, original)? {
            return Ok(has_all);
        }
        if length == 0 || length > original {
            return Ok(false);
        }
        let is_beginning = || Ok(Head::read(other, length)?.is_of(file)? && Mark::read(other, length)?.is_of(file, length)?);
        if has_all || length > before.read_to { Ok(has_all) } else { is_beginning() }
    }

    /// The file, and whether it was opened now.
    fn open(&mut self) -> io::Result<(&File, bool)> {
        let is_new = self.file.is_none();
        if is_new {
            let file = open(&self.path)?;
            if FileId::of(&file.metadata()?) != self.id {
                return Err(io::Error::new(io::ErrorKind::NotFound, "another file has taken its place"));
            }
            self.file = Some(file);
        }
        self.file.as_ref().map(|file| (file, is_new)).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// Opens a regular file by a path without links. Links are refused and a pipe does not block: between resolving a path and opening
/// it another user may have put something else there, also in the place of a folder.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let file = match open_without_links(path) {
        // Kernels before 5.6, and filters of system calls that do not know openat2.
        Err(Errno::NOSYS | Errno::PERM) => OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?,
        opened => File::from(opened?),
    };
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}

#[cfg(target_os = "linux")]
fn open_without_links(path: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::openat2(rustix::fs::CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS)
}

#[cfg(not(target_os = "linux"))]
fn open_without_links(_: &Path) -> rustix::io::Result<OwnedFd> {
    Err(Errno::NOSYS)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.log");
        std::fs::write(&path, content).unwrap();
        (folder, path)
    }

    fn tail(path: &Path) -> Tail {
        Tail::new(path.to_owned(), FileId::of(&path.metadata().unwrap()))
    }

    fn append(path: &Path, content: &[u8]) {
        OpenOptions::new().append(true).open(path).unwrap().write_all(content).unwrap();
    }

    fn look(tail: &mut Tail) -> Glance {
        let metadata = tail.metadata().unwrap_or_else(|| tail.path.metadata()).unwrap();
        tail.look(&metadata, &mut false).unwrap()
    }

    fn texts(tail: &mut Tail) -> Vec<String> {
        look(tail).lines.lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn lines_are_given_once_they_are_whole_also_by_a_file_that_was_closed() {
        let (_folder, path) = file(b"one\ntw");
        let mut tail = tail(&path);
        assert_eq!(texts(&mut tail), ["one"]);
        tail.close();
        assert_eq!((tail.offset(), tail.unread()), (4, 2));
        assert_eq!(texts(&mut tail), Vec::<String>::new(), "nothing has changed");
        append(&path, b"o\nthree\n");
        assert_eq!(texts(&mut tail), ["two", "three"]);
    }

    #[test]
    fn reading_goes_on_where_delivery_had_got_to() {
        let (_folder, path) = file(b"one\ntwo\n");
        let id = FileId::of(&path.metadata().unwrap());
        let head = Head::read(&open(&path).unwrap(), 8).unwrap();
        let before = Before { head, mark: None, read_to: 4, offset: 4, length: 8 };
        assert_eq!(texts(&mut Tail::resumed(path, id, &before).unwrap().unwrap()), ["two"]);
    }

    #[test]
    fn a_renamed_file_is_read_to_its_end() {
        let (folder, path) = file(b"one\n");
        let mut tail = tail(&path);
        look(&mut tail);
        let renamed = folder.path().join("app.log.1");
        std::fs::rename(&path, &renamed).unwrap();
        append(&renamed, b"late\nlast");
        assert_eq!(texts(&mut tail), ["late"]);
        assert_eq!(tail.last_line().unwrap().lines[0].text, "last");
        tail.path = renamed;
        tail.close();
        assert_eq!((tail.offset(), tail.unread()), (13, 0));
    }

    #[test]
    fn the_last_line_of_a_closed_file_is_read_again() {
        let (_folder, path) = file(b"one\nlast");
        let mut tail = tail(&path);
        look(&mut tail);
        tail.close();
        assert_eq!(tail.last_line().unwrap().lines[0].text, "last");
    }

    #[test]
    fn truncation_is_seen_by_length_by_the_beginning_and_by_what_was_read_last() {
        let lines = "a line that is always the same\n".repeat(100);
        for (content, expected) in [
            ("new\n".to_owned(), 1),
            ("another line that is not the same as it was before\n".repeat(100), 100),
            (lines.clone() + "w", 0),
            (lines.replacen("same\n", "SAME\n", 99).replace("SAME", "same"), 0),
            (format!("{}a line that is always the SAME\n", "a line that is always the same\n".repeat(99)), 100),
        ] {
            let (_folder, path) = file(lines.as_bytes());
            let mut tail = tail(&path);
            look(&mut tail);
            std::fs::write(&path, &content).unwrap();
            let glance = look(&mut tail);
            assert_eq!((glance.lines.lines.len(), glance.before.is_some()), (expected, expected > 0), "{content}");
        }
    }

    #[test]
    fn another_file_in_its_place_is_not_read_for_it() {
        let (folder, path) = file(b"one\n");
        let mut tail = tail(&path);
        let metadata = path.metadata().unwrap();
        std::fs::write(folder.path().join("other"), "other\n").unwrap();
        std::fs::rename(folder.path().join("other"), &path).unwrap();
        assert_eq!(tail.look(&metadata, &mut false).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_link_put_in_the_place_of_a_log_is_refused() {
        let (folder, path) = file(b"secret\n");
        let link = folder.path().join("link.log");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(open(&link).is_err());
        let folder_link = folder.path().join("folder");
        std::os::unix::fs::symlink(folder.path(), &folder_link).unwrap();
        assert!(open(&folder_link.join("app.log")).is_err(), "and one in the place of its folder");
    }

    #[test]
    fn utf_16_is_refused_by_name() {
        let (_folder, path) = file(&[0xff, 0xfe, b'a', 0, b'\n', 0]);
        let mut tail = tail(&path);
        let metadata = path.metadata().unwrap();
        assert!(tail.look(&metadata, &mut false).unwrap_err().to_string().contains("UTF-16"));
    }

    #[test]
    fn a_copy_has_the_content_so_far_and_perhaps_more_or_less() {
        let (folder, path) = file(b"one\ntwo\n");
        let mut tail = tail(&path);
        look(&mut tail);
        tail.close();
        let copy = folder.path().join("app.log.1");
        let is_copy = |content: &str| {
            std::fs::write(&copy, content).unwrap();
            tail.is_copied_to(&open(&copy).unwrap(), content.len() as u64).unwrap()
        };
        assert!(is_copy("one\ntwo\n") && is_copy("one\n"));
        for other in ["two\n", "one\ntoo\nthree\n", "", "one\ntwo\nthree\n"] {
            assert!(!is_copy(other), "{other:?}");
        }
        append(&path, b"three\n");
        assert!(is_copy("one\ntwo\nthree\n"), "as long as the original is now");
        std::fs::write(&path, "new\n").unwrap();
        assert!(is_copy("one\ntwo\nthree\n"), "the original was truncated");
    }
}
