//! [`Log`]: blocks in, blocks out, files away.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::block::Block;
use super::cursor::{Cursor, Position};
use super::disk::Disk;
use super::file::{Entry, SpoolFile, State, Unreadable};
use super::folder::{Lock, SpoolError};

/// A block on disk; what is loaded from it knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    file: u64,
    block: usize,
}

/// How large it may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes of all files.
    pub(crate) bytes: u64,
    /// The share that it may have of what is free without it, 0 to 1.
    pub(crate) share: f64,
    /// Synchronises each block; otherwise only blocks whose sender waits for an answer, and all files at the end.
    pub(crate) synchronises_blocks: bool,
}

/// What was found on opening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) items: u64,
    pub(crate) skipped_bytes: u64,
    pub(crate) is_unclean: bool,
}

/// What [`Log::take`] gives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The items of a block, as they were written.
    Block { place: Place, raw: Vec<u8>, items: u32 },
    /// So many items cannot be read.
    Torn(u32),
}

/// The files of a folder.
#[derive(Debug)]
pub(crate) struct Log {
    folder: PathBuf,
    lock: Lock,
    cursor: Cursor,
    files: VecDeque<SpoolFile>,
    /// Whether the last file takes more blocks.
    is_open: bool,
    number: u64,
    limits: Limits,
    disk: Box<dyn Disk>,
    /// Items that are on disk only.
    waiting: u64,
    /// Items that went with the oldest files, since somebody asked.
    evicted: u64,
    /// Nothing is in memory any more: what goes from here is gone.
    is_leaving: bool,
    /// Attempts to read the same block.
    failures: u32,
}

/// A file is full with these bytes; small quotas have smaller files, as one goes as a whole.
const FILE_BYTES: u64 = 16 << 20;

impl Log {
    pub(crate) fn open(folder: &Path, limits: Limits, disk: Box<dyn Disk>) -> Result<(Self, Found), SpoolError> {
        let failed = |error| SpoolError::Folder(folder.to_owned(), error);
        let (lock, is_unclean) = Lock::take(folder)?;
        let (cursor, position) = Cursor::open(folder).map_err(failed)?;
        let numbers = numbers_in(folder).map_err(failed)?;
        let number = numbers.last().copied().unwrap_or_default().max(position.file);
        let files = VecDeque::with_capacity(numbers.len());
        let mut log = Self {
            folder: folder.to_owned(),
            lock,
            cursor,
            files,
            is_open: false,
            number,
            limits,
            disk,
            waiting: 0,
            evicted: 0,
            is_leaving: false,
            failures: 0,
        };
        let mut found = Found { is_unclean, ..Found::default() };
        for number in numbers {
            match log.adopt(number, position) {
                Ok(skipped) => found.skipped_bytes += skipped,
                Err(error @ SpoolError::Version { .. }) => return Err(error),
                Err(error) => tracing::error!("{error}: cannot be read and stays as it is"),
            }
        }
        log.forget_ended();
        found.items = log.waiting;
        Ok((log, found))
    }

    /// Changes how large it may be.
    pub(crate) const fn set_quota(&mut self, (bytes, share): (u64, f64)) {
        self.limits.bytes = bytes;
        self.limits.share = share;
    }

    /// Takes over a file that another process left.
    fn adopt(&mut self, number: u64, position: Position) -> Result<u64, SpoolError> {
        let path = SpoolFile::path_of(&self.folder, number);
        let (mut file, skipped) = SpoolFile::open(path.clone(), number).map_err(|error| match error {
            Unreadable::Version(version) => SpoolError::Version { file: path, version },
            Unreadable::Io(error) => SpoolError::Folder(path, error),
        })?;
        let is_ended = |entry: &Entry| (number, entry.offset) < (position.file, position.offset);
        file.blocks.iter_mut().filter(|entry| is_ended(entry)).for_each(|entry| entry.state = State::Ended);
        let is_news = file.blocks.iter().any(|entry| entry.state == State::Waiting) || number > position.file;
        self.waiting += file.waiting();
        self.files.push_back(file);
        Ok(if is_news { skipped } else { 0 })
    }

    /// Writes a block. What it holds waits on disk; with [`Self::load`] it is in memory too.
    pub(crate) fn append(&mut self, block: &mut Block) -> io::Result<Place> {
        let (items, is_synchronised) = (block.items(), block.is_awaited || self.limits.synchronises_blocks);
        let bytes = block.encode();
        if self.files.back().is_some_and(SpoolFile::is_deleted) {
            self.restore_deleted()?;
        }
        let allowed = self.make_room(bytes.len() as u64)?;
        self.open_file(allowed)?;
        let Some(file) = self.files.back_mut() else { return Err(io::ErrorKind::NotFound.into()) };
        let written = self
            .disk
            .append(&mut file.file, &bytes)
            .and_then(|()| if is_synchronised { self.disk.synchronise(&file.file) } else { Ok(()) });
        if let Err(error) = written {
            // What follows a half block must not be taken for its rest.
            self.is_open = self.disk.cut(&file.file, file.length).is_ok();
            return Err(error);
        }
        file.add(&bytes);
        self.waiting += u64::from(items);
        Ok(Place { file: file.number, block: file.blocks.len() - 1 })
    }

    /// Notes that a block's items are in memory.
    pub(crate) fn load(&mut self, place: Place) {
        if let Some(entry) = self.entry(place) {
            let items = entry.header.items;
            entry.state = State::Loaded(items);
            self.waiting -= u64::from(items);
        }
    }

    /// The oldest block that waits. One that cannot be read is tried again, and given up after a while.
    pub(crate) fn take(&mut self) -> io::Result<Option<Taken>> {
        /// Five seconds of turns.
        const ATTEMPTS: u32 = 50;
        let waiting = self.files.iter_mut().find_map(|file| file.next_waiting().map(|block| (file, block)));
        let Some((file, block)) = waiting else { return Ok(None) };
        let place = Place { file: file.number, block };
        let items = file.blocks[block].header.items;
        let raw = match file.read(block) {
            Ok(raw) => raw,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof || self.failures >= ATTEMPTS => None,
            Err(error) => {
                self.failures += 1;
                return Err(error);
            }
        };
        self.failures = 0;
        self.waiting -= u64::from(items);
        file.blocks[block].state = if raw.is_some() { State::Loaded(items) } else { State::Ended };
        Ok(Some(raw.map_or(Taken::Torn(items), |raw| Taken::Block { place, raw, items })))
    }

    /// Notes that so many items of a block have come to their end.
    pub(crate) fn end(&mut self, place: Place, items: u32) {
        let Some(entry) = self.entry(place) else { return };
        if let State::Loaded(left) = entry.state {
            entry.state = if left > items { State::Loaded(left - items) } else { State::Ended };
        }
    }

    /// Whether a block is still there.
    pub(crate) fn has(&self, place: Place) -> bool {
        self.files.iter().any(|file| file.number == place.file)
    }

    /// Notes that memory goes away: what was loaded from here is here only.
    pub(crate) const fn leave_memory(&mut self) {
        self.is_leaving = true;
    }

    pub(crate) const fn is_leaving(&self) -> bool {
        self.is_leaving
    }

    /// Deletes files that nobody needs, and moves the cursor.
    pub(crate) fn forget_ended(&mut self) {
        while self.files.front_mut().is_some_and(SpoolFile::is_ended) && (self.files.len() > 1 || !self.is_open) {
            self.drop_oldest();
        }
        let position = self.files.front().map(|file| Position { file: file.number, offset: file.first_offset() });
        let position = position.unwrap_or(Position { file: self.number + 1, offset: 0 });
        let _read_twice_after_a_crash = self.cursor.move_to(position);
    }

    /// Items that went with the oldest files since this was asked.
    pub(crate) const fn take_evicted(&mut self) -> u64 {
        std::mem::replace(&mut self.evicted, 0)
    }

    /// Items that wait on disk.
    pub(crate) const fn waiting(&self) -> u64 {
        self.waiting
    }

    /// Bytes of all files.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.length).sum()
    }

    /// Ends in order.
    pub(crate) fn close(mut self) -> io::Result<()> {
        self.is_open = false;
        self.forget_ended();
        if self.files.iter().any(SpoolFile::is_deleted) {
            self.restore_deleted()?;
        }
        for file in &self.files {
            self.disk.synchronise(&file.file)?;
        }
        self.lock.release()
    }

    /// Writes files again that another program deleted, with the folder if that is gone. The next process finds what waits.
    fn restore_deleted(&mut self) -> io::Result<()> {
        let is_folder_deleted = !self.folder.join("lock").exists();
        tracing::error!(folder = %self.folder.display(), is_folder_deleted, "spool files were deleted while they are in use; they are written again");
        if is_folder_deleted {
            (self.lock, _) = Lock::take(&self.folder).map_err(io::Error::other)?;
            (self.cursor, _) = Cursor::open(&self.folder)?;
            self.forget_ended();
        }
        for file in self.files.iter_mut().filter(|file| file.is_deleted()) {
            file.restore(&mut *self.disk)?;
        }
        Ok(())
    }

    fn entry(&mut self, place: Place) -> Option<&mut Entry> {
        let file = self.files.iter_mut().find(|file| file.number == place.file)?;
        file.blocks.get_mut(place.block)
    }

    /// A file that takes a block; the one before is not waited for, as a busy disk takes seconds. `allowed` is for all files: one must be a
    /// small part of it, as one goes as a whole.
    fn open_file(&mut self, allowed: u64) -> io::Result<()> {
        let full = FILE_BYTES.min(allowed / 4);
        if self.is_open && self.files.back().is_some_and(|file| file.length < full) {
            return Ok(());
        }
        self.number += 1;
        let file = SpoolFile::create(&self.folder, self.number, &mut *self.disk)?;
        if self.limits.synchronises_blocks {
            // A power cut must not take the name of the file.
            File::open(&self.folder)?.sync_all()?;
        }
        self.files.push_back(file);
        self.is_open = true;
        Ok(())
    }

    /// Lets the oldest files go until there is room; gives the bytes that are allowed.
    fn make_room(&mut self, bytes: u64) -> io::Result<u64> {
        let refused = |allowed| Err(io::Error::new(io::ErrorKind::StorageFull, format!("only {allowed} bytes are allowed here")));
        if bytes > self.limits.bytes {
            return refused(self.limits.bytes);
        }
        loop {
            let allowed = self.allowed();
            if self.bytes() + bytes <= allowed {
                return Ok(allowed);
            }
            let is_last_in_use = self.files.len() < 2 && self.is_open && !self.files.front_mut().is_none_or(SpoolFile::is_ended);
            if self.files.is_empty() || is_last_in_use {
                return refused(allowed);
            }
            self.evict_oldest();
        }
    }

    fn evict_oldest(&mut self) {
        if let Some(file) = self.files.front() {
            self.evicted += file.waiting() + if self.is_leaving { file.loaded() } else { 0 };
            self.waiting -= file.waiting();
        }
        self.drop_oldest();
    }

    /// Bytes that it may have now.
    fn allowed(&mut self) -> u64 {
        let free = self.disk.free(&self.folder);
        let of_free = free.map(|free| ((free + self.bytes()) as f64 * self.limits.share) as u64);
        of_free.unwrap_or(u64::MAX).min(self.limits.bytes)
    }

    fn drop_oldest(&mut self) {
        let Some(file) = self.files.pop_front() else { return };
        self.is_open &= !self.files.is_empty();
        let _deleted_at_the_next_start = self.disk.remove(&file.path);
    }
}

/// The files of a folder, oldest first.
fn numbers_in(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in folder.read_dir()? {
        numbers.extend(SpoolFile::number_of(&entry?.path()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
