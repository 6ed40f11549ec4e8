//! [`Inbox`]: what the queue tells the keeper.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::item::{Held, Item};
use crate::spool::{Place, SpoolMode};

/// Bytes that may wait for the disk.
const LIMIT: usize = 16 << 20;
/// With so many the thread looks at once.
const PLENTY: usize = 64 << 10;

/// An item on its way to disk.
#[derive(Debug)]
pub(crate) struct Letter<T> {
    pub(crate) held: Held<T>,
    /// For who waits until it is there. Such an item has not been counted as entered.
    pub(crate) ack: Option<oneshot::Sender<bool>>,
}

/// What has come since it was last collected.
#[derive(Debug)]
pub(crate) struct Post<T> {
    pub(crate) letters: Vec<Letter<T>>,
    /// Blocks, and how many of their items have come to their end.
    pub(crate) ended: HashMap<Place, u32>,
    bytes: usize,
    is_urgent: bool,
    is_closed: bool,
    /// What was collected has not come to rest.
    is_under_way: bool,
}

impl<T> Default for Post<T> {
    fn default() -> Self {
        Self { letters: Vec::new(), ended: HashMap::new(), bytes: 0, is_urgent: false, is_closed: false, is_under_way: false }
    }
}

/// Bounded: a disk that is slower than the network must not become memory.
#[derive(Debug)]
pub(crate) struct Inbox<T> {
    pub(crate) mode: SpoolMode,
    post: Mutex<Post<T>>,
    arrived: Condvar,
}

impl<T: Item> Inbox<T> {
    pub(crate) fn new(mode: SpoolMode) -> Self {
        Self { mode, post: Mutex::default(), arrived: Condvar::new() }
    }

    /// Sends an item to disk; without room it comes back.
    pub(crate) fn send(&self, letter: Letter<T>) -> Result<(), Letter<T>> {
        let mut post = self.lock();
        let bytes = letter.held.memory();
        if post.is_closed || post.bytes > 0 && post.bytes + bytes > LIMIT {
            return Err(letter);
        }
        post.add(letter);
        let is_due = post.is_urgent || post.bytes >= PLENTY;
        drop(post);
        if is_due {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Sends what is left at the end; there is always room for that.
    pub(crate) fn send_last(&self, held: Vec<Held<T>>) -> Result<(), Vec<Held<T>>> {
        let mut post = self.lock();
        if post.is_closed {
            return Err(held);
        }
        held.into_iter().for_each(|held| post.add(Letter { held, ack: None }));
        Ok(())
    }

    /// Notes the end of items that are on disk.
    pub(crate) fn note_ended(&self, batch: &[Held<T>]) {
        if batch.iter().all(|held| held.place.is_none()) {
            return;
        }
        let mut post = self.lock();
        for place in batch.iter().filter_map(|held| held.place) {
            *post.ended.entry(place).or_default() += 1;
        }
    }

    /// Waits until there is much, or somebody waits, or the time is over. Whether it was closed.
    pub(crate) fn wait(&self, at_most: Duration) -> bool {
        let idle = |post: &mut Post<T>| !post.is_urgent && !post.is_closed && post.bytes < PLENTY;
        let (post, _) = self.arrived.wait_timeout_while(self.lock(), at_most, idle).unwrap_or_else(PoisonError::into_inner);
        post.is_closed
    }

    pub(crate) fn collect(&self) -> Post<T> {
        let mut post = self.lock();
        let is_closed = post.is_closed;
        std::mem::replace(&mut post, Post { is_closed, is_under_way: true, ..Post::default() })
    }

    /// Whether items are on their way to disk.
    pub(crate) fn is_busy(&self) -> bool {
        let post = self.lock();
        post.is_under_way || !post.letters.is_empty()
    }

    pub(crate) fn note_turn_done(&self) {
        self.lock().is_under_way = false;
    }

    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.arrived.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Post<T>> {
        self.post.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Item> Post<T> {
    fn add(&mut self, letter: Letter<T>) {
        self.bytes += letter.held.memory();
        self.is_urgent |= letter.ack.is_some();
        self.letters.push(letter);
    }
}
