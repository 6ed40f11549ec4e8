//! The books of [`Files`]: contents by number, open files, positions.

use std::io;
use std::path::Path;

use super::files::{Files, Outlet};
use crate::clock::Now;
use crate::content::{Content, Place};
use crate::journal::Position;
use crate::tail::Tail;

/// Bytes of lines without an end that open files may have in memory.
const PENDING: u64 = 16 << 20;

impl<O: Outlet> Files<O> {
    /// Registers a content. One that continues in another file keeps its number.
    pub(crate) fn insert(&mut self, number: Option<u64>, tail: Tail, place: Place, now: Now) {
        self.next += 1;
        let number = match number {
            Some(number) => {
                self.books.progress.touch(number);
                number
            }
            None => {
                self.books.progress.begin(self.next, tail.offset());
                self.next
            }
        };
        if tail.is_open() {
            self.open.push_back(number);
        }
        self.by_file.insert((tail.id, self.target(&place)), number);
        let output = self.following[place.source].output.clone();
        self.contents.insert(number, Content::new(number, tail, place, output, now));
        self.limit_open();
    }

    /// Gives a content a number of its own: what was read under the old one is of another content.
    pub(crate) fn renumber(&mut self, number: u64) -> Option<u64> {
        let mut content = self.contents.remove(&number)?;
        self.next += 1;
        content.number = self.next;
        self.by_file.insert((content.tail.id, self.target(&content.place)), self.next);
        self.books.progress.begin(self.next, 0);
        if self.unsent.remove(&number) {
            self.unsent.insert(self.next);
        }
        self.open.iter_mut().filter(|open| **open == number).for_each(|open| *open = self.next);
        self.contents.insert(self.next, content);
        Some(self.next)
    }

    /// Closes the files that were opened first while there are too many.
    pub(super) fn limit_open(&mut self) {
        while self.open.len() > self.max_open {
            self.close_first();
        }
    }

    /// Closes the files that were opened first while lines without an end take too much memory; they are read again when they grow.
    pub(super) fn limit_pending(&mut self) {
        let pending = |number: &u64| self.contents.get(number).map_or(0, |content| content.tail.pending());
        let mut bytes: u64 = self.open.iter().map(pending).sum();
        while bytes > PENDING {
            bytes = bytes.saturating_sub(self.close_first());
        }
    }

    /// Bytes of memory that this freed.
    fn close_first(&mut self) -> u64 {
        let Some(content) = self.open.pop_front().and_then(|number| self.contents.get_mut(&number)) else { return 0 };
        let bytes = content.tail.pending();
        content.tail.close();
        bytes
    }

    /// Notes that a file cannot be opened or read. Without descriptors that is no fault of the file.
    pub(super) fn failed(&mut self, path: &Path, error: &io::Error, now: Now) {
        if matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) {
            for _ in 0..self.open.len() / 2 {
                self.close_first();
            }
            self.left_out.note(path, "the process has no file descriptors left; raise its limit (LimitNOFILE, ulimit -n)");
            return;
        }
        self.left_out.failed(path, error, now.instant);
    }

    /// Writes down how far delivery has got. A disk that is full costs repeated lines after a restart, nothing now.
    pub(crate) fn remember(&mut self, now: Now) {
        let moved = self.books.progress.take_changes();
        let position = |(number, offset)| Some(self.position(self.contents.get(&number)?, offset, now));
        let positions: Vec<Position> = moved.into_iter().filter_map(position).collect();
        self.write_down(&positions);
    }

    pub(super) fn position(&self, content: &Content, offset: u64, now: Now) -> Position {
        let tail = &content.tail;
        Position {
            file: tail.id,
            to: Some((*self.following[content.place.source].output.to).clone()),
            path: Some(content.place.path.clone()),
            head: tail.head(),
            mark: tail.mark_at(offset),
            offset,
            length: tail.length(),
            at: now.millis,
            gone: false,
        }
    }

    pub(crate) fn write_down(&mut self, positions: &[Position]) {
        if let Err(error) = self.books.journal.record(positions) {
            let reason = format!("log positions cannot be written ({error}); lines would be sent twice after a restart");
            self.left_out.note(self.books.journal.path(), &reason);
        }
    }
}
