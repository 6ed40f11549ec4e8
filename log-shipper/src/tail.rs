//! [`Tail`]: reads the lines of one open file, from where delivery has got to.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use crate::batch::MESSAGE_BYTES;
use crate::identity::{FileId, HEAD, Head};

/// Bytes read at once.
const CHUNK: usize = 256 * 1024;

/// A line and where it stood, its end included.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

/// An open file. It keeps being read after a rename, since writers go on writing to it.
#[derive(Debug)]
pub(crate) struct Tail {
    file: File,
    pub(crate) id: FileId,
    pub(crate) head: Head,
    pub(crate) path: PathBuf,
    /// The offset up to which bytes were read.
    read_to: u64,
    /// Bytes of a line that has no end yet, before `read_to`.
    partial: Vec<u8>,
}

/// What happened when a file was looked at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Glance {
    pub(crate) lines: Vec<Line>,
    /// It became shorter: somebody truncated it, and it was begun anew.
    pub(crate) was_truncated: bool,
    /// Bytes that were no UTF-8 and became U+FFFD.
    pub(crate) invalid: bool,
}

impl Tail {
    /// Opens a file at an offset. Links are refused and a pipe does not block: between finding a path and opening it somebody may
    /// have put something else there.
    pub(crate) fn open(path: PathBuf, offset: u64) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(&path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let head = Head::read(&mut file, metadata.len())?;
        Ok(Self { id: FileId::of(&metadata), head, file, path, read_to: offset.min(metadata.len()), partial: Vec::new() })
    }

    /// Reads at most one chunk of what is new.
    pub(crate) fn look(&mut self) -> io::Result<Glance> {
        let mut glance = Glance::default();
        let length = self.file.metadata()?.len();
        if length == self.read_to {
            return Ok(glance);
        }
        if length < self.read_to || !self.head.is_of(&mut self.file)? {
            glance.was_truncated = true;
            self.seek(0);
            self.head = Head::read(&mut self.file, length)?;
        }
        if self.head.length < HEAD && length > self.head.length {
            self.head = Head::read(&mut self.file, length)?;
        }
        self.file.seek(SeekFrom::Start(self.read_to))?;
        let mut chunk = vec![0; CHUNK.min(usize::try_from(length - self.read_to).unwrap_or(CHUNK))];
        let read = self.file.read(&mut chunk)?;
        chunk.truncate(read);
        self.take(&chunk, &mut glance);
        Ok(glance)
    }

    /// Whether the file goes on from this position: it begins as it did and is not shorter.
    pub(crate) fn is_continued(&mut self, head: &Head, offset: u64) -> io::Result<bool> {
        Ok(self.file.metadata()?.len() >= offset && head.is_of(&mut self.file)?)
    }

    /// Reads on from an offset.
    pub(crate) fn seek(&mut self, offset: u64) {
        self.read_to = offset;
        self.partial.clear();
    }

    /// The offset up to which lines were given.
    pub(crate) fn offset(&self) -> u64 {
        self.read_to - self.partial.len() as u64
    }

    /// Whether everything up to the end of the file was read, but for a line without an end.
    pub(crate) fn is_at_end(&self) -> io::Result<bool> {
        Ok(self.file.metadata()?.len() <= self.read_to)
    }

    /// Whether no path leads to the file any more.
    pub(crate) fn is_gone(&self) -> io::Result<bool> {
        use std::os::unix::fs::MetadataExt as _;
        Ok(self.file.metadata()?.nlink() == 0)
    }

    /// Gives the last line of a file that nobody will write to again.
    pub(crate) fn last_line(&mut self) -> Option<Line> {
        let bytes = std::mem::take(&mut self.partial);
        let from = self.read_to - bytes.len() as u64;
        (!bytes.is_empty()).then(|| Line { text: text_of(&bytes).0, from, to: self.read_to })
    }

    fn take(&mut self, chunk: &[u8], glance: &mut Glance) {
        for piece in chunk.split_inclusive(|&byte| byte == b'\n') {
            self.partial.extend_from_slice(piece);
            self.read_to += piece.len() as u64;
            let is_whole = piece.ends_with(b"\n");
            if is_whole || self.partial.len() >= MESSAGE_BYTES {
                let bytes = std::mem::take(&mut self.partial);
                self.split(&bytes, is_whole, glance);
            }
        }
    }

    /// A line that is too long for one event becomes several, none of them cut inside a character.
    fn split(&mut self, bytes: &[u8], is_whole: bool, glance: &mut Glance) {
        let mut from = self.read_to - bytes.len() as u64;
        let mut rest = bytes;
        while rest.len() > MESSAGE_BYTES || !is_whole && rest.len() == MESSAGE_BYTES {
            let end = boundary(rest, MESSAGE_BYTES);
            let (part, after) = rest.split_at(end);
            push(glance, part, from, from + end as u64);
            from += end as u64;
            rest = after;
        }
        if is_whole {
            push(glance, rest, from, self.read_to);
        } else {
            self.partial = rest.to_vec();
        }
    }
}

fn push(glance: &mut Glance, bytes: &[u8], from: u64, to: u64) {
    let (text, is_invalid) = text_of(bytes);
    glance.invalid |= is_invalid;
    glance.lines.push(Line { text, from, to });
}

fn text_of(bytes: &[u8]) -> (String, bool) {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    match String::from_utf8_lossy(bytes) {
        std::borrow::Cow::Borrowed(text) => (text.to_owned(), false),
        std::borrow::Cow::Owned(text) => (text, true),
    }
}

/// The last place at or before `at` where a character begins.
fn boundary(bytes: &[u8], at: usize) -> usize {
    let is_continuation = |place: usize| bytes.get(place).is_some_and(|byte| byte & 0xc0 == 0x80);
    (at.saturating_sub(3)..=at).rev().find(|&place| !is_continuation(place)).unwrap_or(at).max(1)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn texts(glance: &Glance) -> Vec<&str> {
        glance.lines.iter().map(|line| &*line.text).collect()
    }

    fn file(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.log");
        std::fs::write(&path, content).unwrap();
        (folder, path)
    }

    fn append(path: &PathBuf, content: &[u8]) {
        std::fs::OpenOptions::new().append(true).open(path).unwrap().write_all(content).unwrap();
    }

    #[test]
    fn only_whole_lines_are_given_with_their_places() {
        let (_folder, path) = file(b"one\r\ntw");
        let mut tail = Tail::open(path.clone(), 0).unwrap();
        assert_eq!(tail.look().unwrap().lines, [Line { text: "one".into(), from: 0, to: 5 }]);
        append(&path, b"o\n\xff\n");
        let glance = tail.look().unwrap();
        assert_eq!(glance.lines[0], Line { text: "two".into(), from: 5, to: 9 });
        assert_eq!((&*glance.lines[1].text, glance.invalid), ("\u{fffd}", true));
    }

    #[test]
    fn reading_goes_on_where_delivery_had_got_to() {
        let (_folder, path) = file(b"one\ntwo\n");
        assert_eq!(texts(&Tail::open(path, 4).unwrap().look().unwrap()), ["two"]);
    }

    #[test]
    fn a_renamed_file_is_read_to_its_end() {
        let (folder, path) = file(b"one\n");
        let mut tail = Tail::open(path.clone(), 0).unwrap();
        tail.look().unwrap();
        let renamed = folder.path().join("app.log.1");
        std::fs::rename(&path, &renamed).unwrap();
        append(&renamed, b"late\nlast");
        assert_eq!(texts(&tail.look().unwrap()), ["late"]);
        assert_eq!(tail.last_line().unwrap().text, "last");
    }

    #[test]
    fn a_truncated_file_begins_anew() {
        let (_folder, path) = file(b"a long first line\n");
        let mut tail = Tail::open(path.clone(), 0).unwrap();
        tail.look().unwrap();
        std::fs::write(&path, b"new\n").unwrap();
        let glance = tail.look().unwrap();
        assert!(glance.was_truncated);
        assert_eq!(texts(&glance), ["new"]);
    }

    #[test]
    fn a_file_that_was_truncated_and_has_grown_beyond_begins_anew() {
        let (_folder, path) = file(b"old\n");
        let mut tail = Tail::open(path.clone(), 0).unwrap();
        tail.look().unwrap();
        std::fs::write(&path, b"new one\nnew two\n").unwrap();
        assert_eq!(texts(&tail.look().unwrap()), ["new one", "new two"]);
    }

    #[test]
    fn a_link_put_in_the_place_of_a_log_is_refused() {
        let (folder, path) = file(b"secret\n");
        let link = folder.path().join("link.log");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(Tail::open(link, 0).is_err());
    }

    #[test]
    fn two_megabytes_of_line_become_events_that_fit_and_lose_nothing() {
        let line = "é".repeat(1 << 20) + "\nnext\n";
        let (_folder, path) = file(line.as_bytes());
        let mut tail = Tail::open(path, 0).unwrap();
        let mut lines = Vec::new();
        while !tail.is_at_end().unwrap() {
            lines.extend(tail.look().unwrap().lines);
        }
        assert!(lines.iter().all(|line| line.text.len() <= MESSAGE_BYTES));
        assert_eq!(lines.iter().map(|line| &*line.text).collect::<String>(), line.replace('\n', ""));
        assert!(lines.windows(2).all(|pair| pair[0].to == pair[1].from));
    }
}
