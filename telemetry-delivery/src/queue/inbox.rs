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
        let is_idle = post.is_idle();
        drop(post);
        if !is_idle {
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
        let (post, _) =
            self.arrived.wait_timeout_while(self.lock(), at_most, |post| post.is_idle()).unwrap_or_else(PoisonError::into_inner);
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
    /// Returns whether there is no reason to write before the time is over.
    const fn is_idle(&self) -> bool {
        !self.is_urgent && !self.is_closed && self.bytes < PLENTY
    }

    fn add(&mut self, letter: Letter<T>) {
        self.bytes += letter.held.memory();
        self.is_urgent |= letter.ack.is_some();
        self.letters.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes of memory in all.
    #[derive(Debug)]
    struct Sized(usize);

    impl Item for Sized {
        fn bytes(&self) -> usize {
            self.0
        }

        fn heap_bytes(&self) -> usize {
            self.0 - Held::new(Self(0)).memory_beside_the_heap()
        }
    }

    fn letter(bytes: usize) -> Letter<Sized> {
        Letter { held: Held::new(Sized(bytes)), ack: None }
    }

    fn inbox() -> Inbox<Sized> {
        Inbox::new(SpoolMode::Overflow)
    }

    #[test]
    fn sixteen_megabytes_may_wait_and_one_item_of_any_size() {
        let megabyte = 1 << 20;
        let full = inbox();
        assert!(full.send(letter(10 * megabyte)).is_ok() && full.send(letter(6 * megabyte)).is_ok());
        assert!(full.send(letter(1_000)).is_err());
        assert_eq!(full.collect().letters.len(), 2);
        assert!(full.send(letter(17 * megabyte)).is_ok() && full.send(letter(1_000)).is_err());
        let closed = inbox();
        assert!(closed.send_last(vec![Held::new(Sized(1_000))]).is_ok());
        closed.close();
        assert!(closed.send(letter(1_000)).is_err());
        assert_eq!(closed.send_last(vec![Held::new(Sized(1_000))]).unwrap_err().len(), 1);
        assert_eq!(closed.collect().letters.len(), 1);
    }

    #[test]
    fn the_thread_is_woken_by_much_by_an_answer_that_is_awaited_and_by_the_end() {
        /// The test fails by its own timeout.
        const FOREVER: Duration = Duration::from_secs(3_600);
        let idle = inbox();
        assert!(idle.send(letter(PLENTY - 1)).is_ok() && idle.lock().is_idle());
        assert!(!idle.wait(Duration::ZERO), "nothing was closed");
        let much = inbox();
        assert!(much.send(letter(PLENTY - 1_000)).is_ok() && much.send(letter(1_000)).is_ok());
        assert!(!much.wait(FOREVER));
        let awaited = inbox();
        assert!(awaited.send(Letter { ack: Some(oneshot::channel().0), ..letter(1_000) }).is_ok() && awaited.send(letter(1_000)).is_ok());
        assert!(!awaited.wait(FOREVER));
        let closed = inbox();
        closed.close();
        assert!(closed.wait(FOREVER));
    }

    #[test]
    fn what_was_collected_is_under_way_until_the_turn_is_done() {
        let inbox = inbox();
        assert!(!inbox.is_busy());
        assert!(inbox.send(letter(1_000)).is_ok() && inbox.is_busy());
        let post = inbox.collect();
        assert!(post.letters.len() == 1 && inbox.is_busy());
        inbox.note_turn_done();
        assert!(!inbox.is_busy());
    }
}
