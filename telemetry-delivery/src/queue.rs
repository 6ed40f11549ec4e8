//! [`Queue`]: the way in, bounded by bytes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::ledger::Ledger;
use crate::verdict::LossReason;

/// What the queue has to know of an item.
pub trait Item: Send + 'static {
    /// Its size in memory, roughly.
    fn bytes(&self) -> usize;

    /// Items of one affinity go together where limits allow. Default: all alike.
    fn affinity(&self) -> u128 {
        0
    }
}

/// An item and when it entered.
#[derive(Debug)]
pub struct Held<T> {
    /// The item.
    pub item: T,
    /// When it entered.
    pub since: Instant,
}

/// Bounded by the bytes of everything that is held: waiting, on its way or waiting to go again.
#[derive(Debug)]
pub struct Queue<T> {
    state: Mutex<State<T>>,
    limit: usize,
    arrived: Notify,
    ledger: Arc<Ledger>,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<Held<T>>,
    held_bytes: usize,
}

impl<T: Item> Queue<T> {
    /// Holds at most `limit` bytes.
    #[must_use]
    pub fn new(limit: usize, ledger: Arc<Ledger>) -> Arc<Self> {
        let state = Mutex::new(State { items: VecDeque::new(), held_bytes: 0 });
        Arc::new(Self { state, limit, arrived: Notify::new(), ledger })
    }

    /// Offers an item without waiting. When there is no room it is lost and counted; this is where a spool will take it.
    pub fn push(&self, item: T) -> bool {
        self.ledger.enter();
        let is_in = self.try_push(item).is_ok();
        if !is_in {
            self.ledger.lose(1, LossReason::QUEUE_FULL);
        }
        is_in
    }

    /// Offers an item that its source can keep: without room it comes back and is not counted.
    ///
    /// # Errors
    /// Gives the item back.
    pub fn offer(&self, item: T) -> Result<(), T> {
        self.try_push(item).inspect(|()| self.ledger.enter())
    }

    /// Bytes held.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.lock().held_bytes
    }

    /// An empty queue takes any item, so that one larger than the limit cannot block its source for ever.
    fn try_push(&self, item: T) -> Result<(), T> {
        let mut state = self.lock();
        if state.held_bytes > 0 && state.held_bytes + item.bytes() > self.limit {
            return Err(item);
        }
        state.held_bytes += item.bytes();
        state.items.push_back(Held { item, since: Instant::now() });
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Takes all that waits.
    pub(crate) fn take(&self) -> Vec<Held<T>> {
        self.lock().items.drain(..).collect()
    }

    /// Waits until something may have arrived.
    pub(crate) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Forgets items that have come to their end.
    pub(crate) fn release(&self, bytes: usize) {
        let mut state = self.lock();
        state.held_bytes = state.held_bytes.saturating_sub(bytes);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
