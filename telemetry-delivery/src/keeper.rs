//! [`Keeper`]: a thread between the queue and the spool.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::clock::wall_millis;
use crate::ledger::Ledger;
use crate::queue::{Held, Item, Letter, Queue};
use crate::spool::{Block, Disk, Found, Limits, Log, Place, RealDisk, SpoolError, SpoolMode, SpoolSettings, Taken, records};
use crate::verdict::LossReason;

/// An item that can be written to disk.
pub trait Spooled: Item + Sized {
    /// Appends it to the bytes.
    fn write(&self, bytes: &mut Vec<u8>);

    /// Makes it from the bytes that were appended; `None` if these are none.
    fn read(bytes: &[u8]) -> Option<Self>;
}

/// A block is written when it has so many bytes.
const BLOCK_BYTES: usize = 64 << 10;
/// How often the thread looks.
const TURN: Duration = Duration::from_millis(100);

/// Writes what the queue sends away, and brings it back when there is room. Ends with [`Self::close`].
#[derive(Debug)]
pub struct Keeper<T: Item> {
    queue: Arc<Queue<T>>,
    quota: watch::Sender<Quota>,
    thread: std::thread::JoinHandle<io::Result<()>>,
}

/// Bytes of the spool, and the share that it may have of what is free.
type Quota = (u64, f64);

impl<T: Spooled> Keeper<T> {
    /// Opens the folder and starts the thread. What an earlier process left there is sent first, oldest before newest.
    ///
    /// # Errors
    /// When the folder cannot be used, and why.
    pub fn start(queue: &Arc<Queue<T>>, settings: &SpoolSettings, ledger: Arc<Ledger>) -> Result<Self, SpoolError> {
        let mut turns = Turns::open(Arc::clone(queue), settings, ledger, Box::new(RealDisk))?;
        let (quota, quotas) = watch::channel((settings.bytes, settings.share));
        let failed = |error| SpoolError::Folder(settings.folder.clone(), error);
        let thread = std::thread::Builder::new().name("spool".into()).spawn(move || {
            while !turns.queue.wait_for_letters(TURN) {
                turns.log.set_quota(*quotas.borrow());
                turns.turn();
            }
            turns.close()
        });
        Ok(Self { queue: Arc::clone(queue), quota, thread: thread.map_err(failed)? })
    }

    /// Changes how large the spool may be, from the next block on: `bytes`, and the share of what is free.
    pub fn set_quota(&self, bytes: u64, share: f64) {
        self.quota.send_replace((bytes, share));
    }

    /// Writes what is left, and ends. Call it when the pump has ended; blocks.
    ///
    /// # Errors
    /// When the last files could not be synchronised or marked.
    pub fn close(self) -> io::Result<()> {
        self.queue.close_inbox();
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the spool's thread panicked")))
    }
}

/// What the thread does, once per turn.
#[derive(Debug)]
struct Turns<T: Item> {
    queue: Arc<Queue<T>>,
    log: Log,
    ledger: Arc<Ledger>,
    block: Block,
    /// One line per outage of the disk.
    is_failing: bool,
    is_unreadable: bool,
}

impl<T: Spooled> Turns<T> {
    fn open(queue: Arc<Queue<T>>, settings: &SpoolSettings, ledger: Arc<Ledger>, disk: Box<dyn Disk>) -> Result<Self, SpoolError> {
        let synchronises_blocks = settings.mode == SpoolMode::Always;
        let limits = Limits { bytes: settings.bytes, share: settings.share, synchronises_blocks };
        let (log, found) = Log::open(&settings.folder, limits, disk)?;
        tell(settings, found);
        ledger.recover(found.items);
        Ok(Self { queue, log, ledger, block: Block::default(), is_failing: false, is_unreadable: false })
    }

    /// Notes what has come to its end, writes what was sent away, loads what there is room for.
    fn turn(&mut self) {
        let letters = self.collect();
        self.write(letters);
        self.load();
        self.tell();
        self.queue.note_turn_done();
    }

    /// What was sent away. What has come to its end is not needed on disk any more.
    fn collect(&mut self) -> Vec<Letter<T>> {
        let post = self.queue.collect_post();
        if !post.ended.is_empty() {
            post.ended.into_iter().for_each(|(place, items)| self.log.end(place, items));
            self.log.forget_ended();
        }
        post.letters
    }

    fn tell(&mut self) {
        self.ledger.lose(self.log.take_evicted() as usize, LossReason::SPOOL_QUOTA);
        self.ledger.note_disk(self.log.waiting(), self.log.bytes());
    }

    /// What is left goes to disk; what the disk does not take is lost. What is in memory and on disk is on disk only from here on.
    fn close(mut self) -> io::Result<()> {
        let mut letters = self.collect();
        self.log.leave_memory();
        letters.extend(self.queue.close().into_iter().map(|held| Letter { held, ack: None }));
        self.write(letters);
        self.tell();
        self.log.close()
    }

    fn write(&mut self, letters: Vec<Letter<T>>) {
        let now = (Instant::now(), wall_millis());
        let mut written = Vec::new();
        let is_news = |letter: &Letter<T>| letter.held.place.is_none_or(|place| !self.log.has(place));
        let letters: Vec<_> = letters.into_iter().filter(is_news).collect();
        let mut letters = letters.into_iter().peekable();
        while let Some(letter) = letters.next() {
            self.block.is_awaited |= letter.ack.is_some();
            self.block.push(entered(&letter.held, now), |bytes| letter.held.item.write(bytes));
            written.push(letter);
            if self.block.bytes() >= BLOCK_BYTES || letters.peek().is_none() {
                self.append(std::mem::take(&mut written));
            }
        }
    }

    fn append(&mut self, letters: Vec<Letter<T>>) {
        match self.log.append(&mut self.block) {
            Ok(place) => {
                self.is_failing = false;
                self.written(letters, place);
            }
            Err(error) => {
                if !std::mem::replace(&mut self.is_failing, true) {
                    tracing::error!("the spool cannot be written: {error}; what memory has no room for is lost until it can");
                }
                letters.into_iter().for_each(|letter| self.not_written(letter));
            }
        }
    }

    /// On disk, they need no memory; but what there is room for need not be read again.
    fn written(&mut self, letters: Vec<Letter<T>>, place: Place) {
        let is_wanted = !self.log.is_leaving() && self.queue.has_room_for_more();
        if is_wanted {
            self.log.load(place);
        }
        for Letter { held, ack } in letters {
            if let Some(ack) = ack {
                self.ledger.enter();
                let _who_asked_may_be_gone = ack.send(true);
            }
            if is_wanted {
                self.queue.put(Held { place: Some(place), ..held });
            }
        }
    }

    /// Who waits for an answer keeps it; everything else has memory left, or nothing.
    fn not_written(&self, letter: Letter<T>) {
        let Letter { held, ack } = letter;
        if let Some(ack) = ack {
            let _who_asked_may_be_gone = ack.send(false);
        } else if self.queue.put_if_room(held).is_err() {
            self.ledger.lose(1, LossReason::DISK);
        }
    }

    fn load(&mut self) {
        while self.log.waiting() > 0 && self.queue.has_room_for_more() {
            match self.log.take() {
                Ok(Some(Taken::Block { place, raw, items })) => {
                    self.is_unreadable = false;
                    self.loaded(place, &raw, items);
                }
                Ok(Some(Taken::Torn(items))) => {
                    tracing::error!("a block of the spool is damaged; {items} items are lost");
                    self.ledger.lose(items as usize, LossReason::SPOOL_TORN);
                }
                Ok(None) => return,
                Err(error) => {
                    if !std::mem::replace(&mut self.is_unreadable, true) {
                        tracing::error!("the spool cannot be read: {error}; trying again");
                    }
                    return;
                }
            }
        }
    }

    fn loaded(&mut self, place: Place, raw: &[u8], items: u32) {
        let now = (Instant::now(), wall_millis());
        let mut loaded = 0;
        for record in records(raw) {
            let Some(item) = T::read(record.bytes) else { continue };
            loaded += 1;
            let age = Duration::from_millis(now.1.saturating_sub(record.entered));
            self.queue.put(Held { item, since: now.0.checked_sub(age).unwrap_or(now.0), place: Some(place) });
        }
        self.log.end(place, items - loaded);
        self.ledger.lose((items - loaded) as usize, LossReason::SPOOL_TORN);
    }
}

/// When an item entered, by the clock on the wall, which is the only one that the next process has.
fn entered<T>(held: &Held<T>, now: (Instant, u64)) -> u64 {
    now.1.saturating_sub(now.0.saturating_duration_since(held.since).as_millis() as u64)
}

fn tell(settings: &SpoolSettings, found: Found) {
    let folder = settings.folder.display();
    if found.is_unclean {
        tracing::warn!(
            "{folder}: the process before did not end in order; what it had acknowledged and not sent is here, some of it may be sent twice"
        );
    }
    if found.skipped_bytes > 0 {
        tracing::warn!("{folder}: {} bytes make no whole block and are skipped", found.skipped_bytes);
    }
    if found.items > 0 {
        tracing::info!("{folder}: {} items wait from before", found.items);
    }
}

#[cfg(test)]
#[path = "keeper_tests.rs"]
mod tests;
