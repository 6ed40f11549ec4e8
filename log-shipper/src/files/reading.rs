//! Reads what is new in all files: in turns, and never more than the queues have room for.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use super::files::{DELETED, Files, Look, Outlet};
use super::former::Former;
use super::rotation::{Truncated, find_file};
use crate::clock::Now;
use crate::content::Content;
use crate::identity::FileId;
use crate::journal::Position;
use crate::lines::Lines;
use crate::tail::Glance;

/// Time for which a renamed or deleted file stays open after its last byte: writers use it until they reopen their log.
pub(super) const LINGERING: Duration = Duration::from_secs(10);
/// Time after which a last line without a line feed is sent.
pub(super) const LAST_LINE_AFTER: Duration = Duration::from_secs(60);
/// Chunks of 256 kB that one look reads of a file at most.
const ROUNDS: usize = 16;

impl<O: Outlet> Files<O> {
    pub(super) fn read_all(&mut self, look: &mut Look) -> bool {
        self.full.clear();
        // Before anything is read: what waits is one chunk per stream.
        for number in self.unsent.clone() {
            self.hand_on(number);
        }
        let mut numbers: Vec<u64> =
            self.contents.range(self.turn..).chain(self.contents.range(..self.turn)).map(|(number, _)| *number).collect();
        self.turn = numbers.get(1).copied().unwrap_or_default();
        for _ in 0..ROUNDS {
            numbers.retain(|number| self.read(*number, look));
            if numbers.is_empty() {
                return false;
            }
        }
        true
    }

    /// Reads a chunk of a content. Whether there is more, and room for it.
    fn read(&mut self, number: u64, look: &mut Look) -> bool {
        let now = look.now;
        if !self.hand_on(number) {
            return false;
        }
        let Some(metadata) = self.metadata(number, look) else {
            self.let_go(number);
            return false;
        };
        if self.is_failing(number, now) {
            return false;
        }
        let Some(content) = self.contents.get_mut(&number) else { return false };
        let (length, pending, mut is_opened) = (content.tail.length(), content.tail.pending(), false);
        content.note_modified(&metadata);
        let looked = content.tail.look(&metadata, &mut is_opened);
        let is_grown = content.tail.length() != length;
        if is_grown {
            content.grown_at = now.instant;
        }
        let pending = content.tail.pending().saturating_sub(pending);
        if is_opened {
            self.left_out.is_read(&content.place.path);
            self.open.push_back(number);
            self.limit_open();
        }
        match looked {
            Ok(glance) => {
                let stays_open = self.limit_pending(number, pending);
                self.take(number, glance, look) && stays_open
            }
            // The next look finds where it is now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => {
                self.content_failed(number, &error, now);
                false
            }
        }
    }

    fn is_failing(&self, number: u64, now: Now) -> bool {
        self.contents.get(&number).is_some_and(|content| self.left_out.is_waiting(&content.place.path, content.tail.id, now.instant))
    }

    /// A file that fails is closed: were it deleted meanwhile, its disk space would not be freed.
    fn content_failed(&mut self, number: u64, error: &io::Error, now: Now) {
        self.close(number);
        let Some(content) = self.contents.get(&number) else { return };
        let (path, id) = (content.place.path.clone(), content.tail.id);
        self.failed(&path, id, error, now);
    }

    fn take(&mut self, number: u64, glance: Glance, look: &mut Look) -> bool {
        let (mut number, now) = (number, look.now);
        if let Some(before) = glance.before {
            let Some(renumbered) = self.renumber(number) else { return false };
            let Content { place, tail, seen_at, .. } = &self.contents[&renumbered];
            let former = Former { place: place.clone(), real: tail.path.clone(), id: tail.id, at: *seen_at };
            self.find_copies(&Truncated { former, before, number: Some(number) }, look);
            number = renumbered;
        }
        if let Some(content) = self.contents.get_mut(&number).filter(|content| content.seen_in == self.looks) {
            content.seen_at = now.millis;
        }
        let has_lines = !glance.lines.lines.is_empty();
        self.note_lines(number, glance.lines, now);
        if has_lines || glance.has_more {
            return self.hand_on(number) && glance.has_more;
        }
        self.end_last_line(number, now);
        self.let_go_if_quiet(number, now);
        false
    }

    fn note_lines(&mut self, number: u64, lines: Lines, now: Now) {
        if let Some(content) = self.contents.get_mut(&number) {
            content.take(lines, &self.books.progress, now);
        }
    }

    /// Hands waiting events to the queue. Whether all went. When a queue is full, no file is read for it: what waits is bounded.
    fn hand_on(&mut self, number: u64) -> bool {
        let Some(content) = self.contents.get_mut(&number) else { return false };
        let target = self.following[content.place.source].target;
        if self.full.contains(&target) {
            return false;
        }
        while let Some(event) = content.waiting.pop_front() {
            if let Err(event) = self.outlet.offer(event) {
                content.waiting.push_front(event);
                self.unsent.insert(number);
                self.full.insert(target);
                return false;
            }
        }
        self.unsent.remove(&number);
        true
    }

    /// Returns the metadata of a content's file, or none if it is gone; its unread bytes are then counted as lost.
    fn metadata(&mut self, number: u64, look: &mut Look) -> Option<Metadata> {
        let content = self.contents.get_mut(&number)?;
        if content.is_gone {
            return None;
        }
        let is_it = |metadata: &Metadata| FileId::of(metadata) == content.tail.id;
        let known = content.metadata.take().or_else(|| content.tail.metadata().and_then(io::Result::ok));
        let known = known.or_else(|| content.tail.path.symlink_metadata().ok().filter(is_it));
        if known.is_some() {
            return known;
        }
        let (id, path) = (content.tail.id, content.tail.path.clone());
        let found = find_file(id, &path, look);
        let content = self.contents.get_mut(&number)?;
        let Some((path, metadata)) = found else {
            content.is_gone = true;
            let bytes = content.tail.unread();
            if bytes > 0 {
                self.books.ledger.lose_unread(bytes, DELETED);
                tracing::error!(path = %content.place.path.display(), bytes, "a log file was deleted before all of it was read");
            }
            return None;
        };
        content.tail.path = path;
        Some(metadata)
    }

    /// Sends a last line without a line feed once the file has not grown for long enough.
    fn end_last_line(&mut self, number: u64, now: Now) {
        let Some(content) = self.contents.get_mut(&number) else { return };
        let quiet = now.instant.duration_since(content.grown_at);
        let is_elsewhere = content.seen_in != self.looks;
        let patience = if is_elsewhere { LINGERING } else { LAST_LINE_AFTER };
        if content.tail.unread() == 0 || !content.tail.is_at_end() || quiet < patience {
            return;
        }
        let was_open = content.tail.is_open();
        let line = content.tail.last_line();
        if !was_open && content.tail.is_open() {
            self.open.push_back(number);
        }
        match line {
            Ok(lines) => self.note_lines(number, lines, now),
            Err(error) => self.content_failed(number, &error, now),
        }
        self.hand_on(number);
    }

    /// Closes a file that was renamed or deleted once it has been quiet for long enough.
    fn let_go_if_quiet(&mut self, number: u64, now: Now) {
        let is_over = self.contents.get(&number).is_some_and(|content| {
            let is_quiet = now.instant.duration_since(content.grown_at) >= LINGERING;
            content.seen_in != self.looks && is_quiet && content.tail.is_at_end() && content.tail.unread() == 0
        });
        if is_over {
            self.let_go(number);
        }
    }

    /// Closes a file for which nothing more is expected, once it is delivered. One that has a path yet is examined at times.
    fn let_go(&mut self, number: u64) {
        let Some(content) = self.contents.get(&number) else { return };
        let is_delivered =
            content.waiting.is_empty() && self.books.progress.done_to(number).is_none_or(|done| done >= content.tail.offset());
        if !is_delivered {
            return;
        }
        let is_deleted =
            content.is_gone || content.tail.metadata().is_some_and(|metadata| metadata.is_ok_and(|metadata| metadata.nlink() == 0));
        let last = Position { gone: is_deleted, ..self.position(content, content.tail.offset()) };
        let (id, place, path) = (content.tail.id, content.place.clone(), content.tail.path.clone());
        let length = content.tail.length();
        self.write_down(&[last]);
        self.left_out.forget(&place.path, id);
        self.by_file.remove(&(id, self.target(&place)));
        self.books.progress.forget(number);
        self.contents.remove(&number);
        self.open.retain(|open| *open != number);
        if !is_deleted {
            self.rest(id, place, (path, length));
        }
    }
}
