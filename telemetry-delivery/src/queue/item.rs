//! [`Item`] and [`Held`]: what waits, and [`Plenty`]: when it has waited enough.

use tokio::time::Instant;

use crate::spool::Place;

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
    /// The block of the spool that it is in too.
    pub place: Option<Place>,
}

impl<T> Held<T> {
    /// An item that enters now.
    #[must_use]
    pub fn new(item: T) -> Self {
        Self { item, since: Instant::now(), place: None }
    }
}

/// So much that waiting for more gains nothing.
#[derive(Clone, Copy, Debug)]
pub struct Plenty {
    /// Items.
    pub items: usize,
    /// Bytes of all items.
    pub bytes: usize,
}
