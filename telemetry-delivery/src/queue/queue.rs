//! [`Queue`]: the way in, bounded by bytes.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::inbox::{Inbox, Letter, Post};
use super::item::{Held, Item, Patience};
use crate::ledger::Ledger;
use crate::spool::SpoolMode;
use crate::verdict::LossReason;

/// Bounded by the bytes of everything that is held: waiting, on its way or waiting to go again.
#[derive(Debug)]
pub struct Queue<T> {
    state: Mutex<State<T>>,
    limit: AtomicUsize,
    arrived: Notify,
    ledger: Arc<Ledger>,
    /// The way to disk, if there is one.
    inbox: Option<Inbox<T>>,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<Held<T>>,
    /// Bytes of these.
    waiting_bytes: usize,
    /// With those under way.
    held_bytes: usize,
    /// Waiting times that the taker chose.
    patience: Patience,
    /// Its taker has gone.
    is_closed: bool,
}

impl<T: Item> Queue<T> {
    /// Holds at most `limit` bytes in memory, and nothing on disk.
    #[must_use]
    pub fn new(limit: usize, ledger: Arc<Ledger>) -> Arc<Self> {
        Self::with_inbox(limit, ledger, None)
    }

    /// Holds at most `limit` bytes in memory, and sends items to disk: start a [`Keeper`](crate::Keeper) for it.
    #[must_use]
    pub fn spooled(limit: usize, ledger: Arc<Ledger>, mode: SpoolMode) -> Arc<Self> {
        Self::with_inbox(limit, ledger, Some(Inbox::new(mode)))
    }

    fn with_inbox(limit: usize, ledger: Arc<Ledger>, inbox: Option<Inbox<T>>) -> Arc<Self> {
        let patience = Patience::NONE;
        let state = Mutex::new(State { items: VecDeque::new(), waiting_bytes: 0, held_bytes: 0, patience, is_closed: false });
        Arc::new(Self { state, limit: AtomicUsize::new(limit), arrived: Notify::new(), ledger, inbox })
    }

    /// Holds at most `limit` bytes in memory from now on; what is held stays.
    pub fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    /// Offers an item without waiting. When there is no room, in memory or on the way to disk, it is lost and counted.
    pub fn push(&self, item: T) -> bool {
        self.ledger.enter();
        let held = Held::new(item);
        let is_in = match &self.inbox {
            None => self.put_if_room(held).is_ok(),
            Some(inbox) if inbox.mode == SpoolMode::Always => inbox.send(Letter { held, ack: None }).is_ok(),
            Some(inbox) => {
                let sent = self.put_if_room(held).or_else(|held| inbox.send(Letter { held, ack: None }).map_err(drop));
                sent.is_ok()
            }
        };
        if !is_in {
            self.ledger.lose(1, LossReason::QUEUE_FULL);
        }
        is_in
    }

    /// Offers an item that its source can keep: without room in memory it comes back and is not counted.
    ///
    /// # Errors
    /// Gives the item back.
    pub fn offer(&self, item: T) -> Result<(), T> {
        self.enter_if_room(Held::new(item)).map_err(|held| held.item)
    }

    /// Offers items that their source can keep, and waits until they are held: on disk when there is a spool, whatever its mode, else in
    /// memory. Those that are not are not counted. Returns whether all are.
    pub async fn hold(&self, items: Vec<T>) -> bool {
        let mut acks = Vec::new();
        let mut are_all = true;
        for item in items {
            match self.hold_or_ask(Held::new(item)) {
                Ok(ack) => acks.extend(ack),
                Err(_) => are_all = false,
            }
        }
        for ack in acks {
            are_all &= ack.await.unwrap_or(false);
        }
        are_all
    }

    /// Holds an item, or gives what tells when it is on disk.
    fn hold_or_ask(&self, held: Held<T>) -> Result<Option<oneshot::Receiver<bool>>, Held<T>> {
        let Some(inbox) = &self.inbox else { return self.enter_if_room(held).map(|()| None) };
        let (ack, answer) = oneshot::channel();
        inbox.send(Letter { held, ack: Some(ack) }).map_err(|letter| letter.held)?;
        Ok(Some(answer))
    }

    /// Bytes held in memory.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.lock().held_bytes
    }

    /// Puts an item that has been counted.
    pub(crate) fn put_if_room(&self, held: Held<T>) -> Result<(), Held<T>> {
        self.put_and(held, || ())
    }

    /// Puts an item and counts it, before anybody can take it.
    fn enter_if_room(&self, held: Held<T>) -> Result<(), Held<T>> {
        self.put_and(held, || self.ledger.enter())
    }

    /// An empty queue takes any item, so that one larger than the limit cannot block its source for ever.
    fn put_and(&self, held: Held<T>, count: impl FnOnce()) -> Result<(), Held<T>> {
        let mut state = self.lock();
        if state.is_closed || state.held_bytes > 0 && state.held_bytes + held.memory() > self.limit() {
            return Err(held);
        }
        count();
        let is_news = state.add(held);
        drop(state);
        if is_news {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Puts an item that is on disk; the keeper has asked for room.
    pub(crate) fn put(&self, held: Held<T>) {
        if self.lock().add(held) {
            self.arrived.notify_one();
        }
    }

    /// Puts items that were taken before those that wait; they come back once the queue is closed.
    pub(crate) fn put_back(&self, items: Vec<Held<T>>) -> Vec<Held<T>> {
        let mut state = self.lock();
        if state.is_closed || items.is_empty() {
            return items;
        }
        for held in items.into_iter().rev() {
            state.waiting_bytes += held.item.bytes();
            state.items.push_front(held);
        }
        drop(state);
        self.arrived.notify_one();
        Vec::new()
    }

    /// Whether what is on disk may come: the other half is for what arrives.
    pub(crate) fn has_room_for_more(&self) -> bool {
        self.held_bytes() < self.limit() / 2
    }

    /// Takes all that waits.
    pub(crate) fn take(&self) -> Vec<Held<T>> {
        self.lock().take()
    }

    /// Takes all that waits, once it is plenty or the first has waited for long enough; else tells when that will be.
    pub(crate) fn take_due(&self, patience: Patience) -> Result<Vec<Held<T>>, Option<Instant>> {
        let mut state = self.lock();
        state.patience = patience;
        let due = state.items.front().map(|first| first.since + patience.wait(state.items.len()));
        if state.is_plenty() || due.is_some_and(|due| due <= Instant::now()) { Ok(state.take()) } else { Err(due) }
    }

    /// Waits until the first has arrived, or plenty: who takes sleeps through everything in between.
    pub(crate) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Forgets items that have come to their end.
    pub(crate) fn release(&self, batch: &[Held<T>]) {
        let bytes: usize = batch.iter().map(Held::memory).sum();
        let mut state = self.lock();
        state.held_bytes = state.held_bytes.saturating_sub(bytes);
        drop(state);
        if let Some(inbox) = &self.inbox {
            inbox.note_ended(batch);
        }
    }

    /// Takes the rest, and nothing more after it: who comes now is refused.
    pub(crate) fn close(&self) -> Vec<Held<T>> {
        let mut state = self.lock();
        state.is_closed = true;
        state.take()
    }

    /// Leaves items to the disk at the end; those that it does not take come back.
    pub(crate) fn leave(&self, left: Vec<Held<T>>) -> Vec<Held<T>> {
        match &self.inbox {
            None => left,
            Some(inbox) => inbox.send_last(left).err().unwrap_or_default(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().items.is_empty()
    }

    /// Whether more will come from the disk, or is on its way there and back.
    pub(crate) fn is_expecting(&self) -> bool {
        self.inbox.as_ref().is_some_and(|inbox| inbox.is_busy() || self.ledger.disk_items() > 0)
    }

    pub(crate) fn collect_post(&self) -> Post<T> {
        self.inbox.as_ref().map(Inbox::collect).unwrap_or_default()
    }

    /// Notes that what was collected is on disk, back in the queue or lost.
    pub(crate) fn note_turn_done(&self) {
        if let Some(inbox) = &self.inbox {
            inbox.note_turn_done();
        }
    }

    /// Waits until there is something for the disk; whether that was closed.
    pub(crate) fn wait_for_letters(&self, at_most: Duration) -> bool {
        self.inbox.as_ref().is_none_or(|inbox| inbox.wait(at_most))
    }

    pub(crate) fn close_inbox(&self) {
        if let Some(inbox) = &self.inbox {
            inbox.close();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Item> State<T> {
    /// Whether the taker wants to know.
    fn add(&mut self, held: Held<T>) -> bool {
        self.held_bytes += held.memory();
        self.waiting_bytes += held.item.bytes();
        self.items.push_back(held);
        self.items.len() == 1 || self.items.len() == self.patience.full || self.is_plenty()
    }

    fn is_plenty(&self) -> bool {
        self.patience.is_plenty(self.items.len(), self.waiting_bytes)
    }

    fn take(&mut self) -> Vec<Held<T>> {
        self.waiting_bytes = 0;
        self.items.drain(..).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a hundred bytes of memory in all, ten of them in a call.
    #[derive(Debug)]
    struct Number(u32);

    impl Item for Number {
        fn bytes(&self) -> usize {
            10
        }

        fn heap_bytes(&self) -> usize {
            100 - Held::new(Self(0)).memory_beside_the_heap()
        }
    }

    fn numbers(items: &[Held<Number>]) -> Vec<u32> {
        items.iter().map(|held| held.item.0).collect()
    }

    #[test]
    fn a_queue_is_full_at_its_limit_which_can_be_changed() {
        let queue = Queue::new(300, Arc::default());
        assert!(queue.push(Number(0)) && queue.has_room_for_more());
        queue.set_limit(200);
        assert!(!queue.has_room_for_more(), "half of it is for what arrives");
        assert!(queue.push(Number(1)) && !queue.push(Number(2)));
        queue.set_limit(300);
        assert!(queue.push(Number(3)) && !queue.push(Number(4)));
        assert_eq!(numbers(&queue.take()), [0, 1, 3]);
        assert!(queue.is_empty());
        let small = Queue::new(1, Arc::default());
        assert!(small.push(Number(0)) && !small.is_empty(), "an empty one takes any item");
    }

    #[test]
    fn what_comes_back_is_first_and_counts() {
        let queue = Queue::new(10_000, Arc::default());
        (0..5).for_each(|number| assert!(queue.push(Number(number))));
        let taken = queue.take();
        (5..8).for_each(|number| assert!(queue.push(Number(number))));
        assert!(queue.put_back(taken).is_empty());
        let hour = Duration::from_secs(3_600);
        let patience = |plenty_bytes| Patience { plenty: 1_000, plenty_bytes, full: 1_000, briefly: hour, linger: hour };
        assert!(queue.take_due(patience(81)).is_err());
        assert_eq!(numbers(&queue.take_due(patience(80)).unwrap()), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert!(queue.close().is_empty());
        assert_eq!(queue.put_back(vec![Held::new(Number(9))]).len(), 1, "nobody takes it any more");
    }

    #[test]
    fn the_taker_is_woken_by_the_first_by_a_full_call_and_by_plenty() {
        let patience = Patience { plenty: 5, plenty_bytes: 1_000, full: 3, briefly: Duration::ZERO, linger: Duration::ZERO };
        let mut state = State { items: VecDeque::new(), waiting_bytes: 0, held_bytes: 0, patience, is_closed: false };
        let news: Vec<bool> = (0..6).map(|number| state.add(Held::new(Number(number)))).collect();
        assert_eq!(news, [true, false, true, false, true, true]);
        assert_eq!((state.waiting_bytes, state.held_bytes), (60, 600));
    }

    #[test]
    fn more_is_expected_while_the_disk_or_the_way_to_it_has_some() {
        let ledger = Arc::new(Ledger::default());
        let plain = Queue::<Number>::new(100, Arc::clone(&ledger));
        let spooled = Queue::spooled(100, Arc::clone(&ledger), SpoolMode::Overflow);
        assert!(!plain.is_expecting() && !spooled.is_expecting());
        assert!(spooled.push(Number(0)) && !spooled.is_expecting());
        assert!(spooled.push(Number(1)) && spooled.is_expecting(), "it is on its way");
        assert_eq!(spooled.collect_post().letters.len(), 1);
        assert!(spooled.is_expecting());
        spooled.note_turn_done();
        assert!(!spooled.is_expecting());
        ledger.note_disk(1, 100);
        assert!(spooled.is_expecting() && !plain.is_expecting());
        assert!(
            plain.wait_for_letters(Duration::ZERO) && !spooled.wait_for_letters(Duration::ZERO),
            "without a spool there is nothing to wait for"
        );
        spooled.close_inbox();
        assert!(spooled.wait_for_letters(Duration::ZERO));
    }
}
