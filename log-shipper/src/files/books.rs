//! The books of [`Files`]: contents by number, open files, positions.

use std::io;
use std::path::Path;

use super::files::{Files, Outlet};
use crate::clock::Now;
use crate::content::{Begin, Content};
use crate::identity::FileId;
use crate::journal::Position;
use crate::tail::Tail;

/// Bytes of lines without an end that open files may have in memory.
const PENDING: u64 = 16 << 20;

impl<O: Outlet> Files<O> {
    /// Registers a content. One that continues in another file keeps its number.
    pub(crate) fn insert(&mut self, begin: Begin, tail: Tail, now: Now) {
        self.next += 1;
        let number = match begin.number {
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
        self.by_file.insert((tail.id, self.target(&begin.place)), number);
        let output = self.following[begin.place.source].output.clone();
        let begin = Begin { number: Some(number), ..begin };
        self.contents.insert(number, Content::new(begin, tail, output, now));
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
        while self.open.len() > self.max_open
            && let Some(first) = self.open.front()
        {
            self.close(*first);
        }
    }

    /// Notes that a content has `more` bytes of a line without an end in memory. While that is too much, files close whose last line
    /// waits for its end, since they are read again when they grow. If that is not enough, this one closes, and the next look reads it
    /// again: the others get to the ends of their lines. Returns whether it stays open.
    ///
    /// The sum is an upper bound, and is counted anew when it reaches the limit.
    pub(super) fn limit_pending(&mut self, number: u64, more: u64) -> bool {
        self.pending += more;
        if self.pending <= PENDING {
            return true;
        }
        let pending = |number: &u64| self.contents.get(number).map_or(0, |content| content.tail.pending());
        self.pending = self.open.iter().map(pending).sum();
        let waits = |other: &u64| *other != number && self.contents.get(other).is_some_and(|content| content.tail.is_at_end());
        let waiting: Vec<u64> = self.open.iter().copied().filter(|other| pending(other) > 0 && waits(other)).collect();
        for other in waiting.into_iter().chain([number]) {
            if self.pending <= PENDING {
                return true;
            }
            self.pending = self.pending.saturating_sub(self.close(other));
        }
        false
    }

    /// Closes a file that was opened. Bytes of memory that this freed.
    pub(super) fn close(&mut self, number: u64) -> u64 {
        self.open.retain(|open| *open != number);
        let Some(content) = self.contents.get_mut(&number) else { return 0 };
        let bytes = content.tail.pending();
        content.tail.close();
        bytes
    }

    /// Notes that a file cannot be opened or read. Without descriptors that is no fault of the file.
    pub(super) fn failed(&mut self, path: &Path, id: FileId, error: &io::Error, now: Now) {
        if matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) {
            for first in self.open.iter().copied().take(self.open.len() / 2).collect::<Vec<_>>() {
                self.close(first);
            }
            self.left_out.note(path, "the process has no file descriptors left; raise its limit (LimitNOFILE, ulimit -n)");
            return;
        }
        self.left_out.failed(path, id, error, now.instant);
    }

    /// Writes down how far delivery has got. A disk that is full costs repeated lines after a restart, nothing now.
    pub(crate) fn remember(&mut self) {
        let moved = self.books.progress.take_changes();
        let position = |(number, offset)| Some(self.position(self.contents.get(&number)?, offset));
        let positions: Vec<Position> = moved.into_iter().filter_map(position).collect();
        self.write_down(&positions);
    }

    pub(super) fn position(&self, content: &Content, offset: u64) -> Position {
        let tail = &content.tail;
        Position {
            file: tail.id,
            to: Some((*self.following[content.place.source].output.to).clone()),
            path: Some(content.place.path.clone()),
            real: Some(tail.path.clone()).filter(|real| *real != content.place.path),
            head: tail.head(),
            mark: tail.mark_at(offset),
            offset,
            length: tail.length(),
            at: content.seen_at,
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
