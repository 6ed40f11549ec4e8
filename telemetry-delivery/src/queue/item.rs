//! [`Item`], [`Held`]: an item that waits, and [`Patience`]: how long it waits.

use std::time::Duration;

use tokio::time::Instant;

use crate::spool::Place;

/// What the queue has to know of an item.
pub trait Item: Send + 'static {
    /// Bytes that it has in a call.
    fn bytes(&self) -> usize;

    /// Bytes that it takes on the heap, as the allocator gives them. Default: those that it has in a call.
    fn heap_bytes(&self) -> usize {
        self.bytes()
    }

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

impl<T: Item> Held<T> {
    /// Bytes of memory that it takes while it is held. A queue that grows has room for as many again, so that its own size counts twice.
    pub(crate) fn memory(&self) -> usize {
        self.memory_beside_the_heap() + self.item.heap_bytes()
    }

    pub(crate) const fn memory_beside_the_heap(&self) -> usize {
        2 * size_of::<Self>()
    }
}

/// Bytes of memory that the allocator takes for so many: a multiple of 16, its own word included, and 32 at least.
#[must_use]
pub fn allocated(bytes: usize) -> usize {
    (bytes + 8).next_multiple_of(16).max(32)
}

/// Waiting times of items: the more there are, the less is gained by another.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// With so many items they are taken at once.
    pub plenty: usize,
    /// With so many bytes too.
    pub plenty_bytes: usize,
    /// With so many items, those of a full call, the first waits for `briefly` at most.
    pub full: usize,
    /// Longest wait of the first item then.
    pub briefly: Duration,
    /// Longest wait of the first item with fewer.
    pub linger: Duration,
}

impl Patience {
    /// Takes everything as soon as it is asked.
    pub(crate) const NONE: Self = Self { plenty: 1, plenty_bytes: 0, full: 1, briefly: Duration::ZERO, linger: Duration::ZERO };

    pub(crate) const fn is_plenty(&self, items: usize, bytes: usize) -> bool {
        items >= self.plenty || items > 0 && bytes >= self.plenty_bytes
    }

    /// Returns the longest wait of the first of so many items.
    pub(crate) const fn wait(&self, items: usize) -> Duration {
        if items >= self.full { self.briefly } else { self.linger }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Plain;

    impl Item for Plain {
        fn bytes(&self) -> usize {
            7
        }
    }

    #[test]
    fn an_item_takes_what_the_allocator_gives_and_twice_its_place_in_the_queue() {
        assert_eq!((Plain.heap_bytes(), Plain.affinity()), (7, 0));
        assert_eq!(Held::new(Plain).memory(), 2 * size_of::<Held<Plain>>() + 7);
        let expected = [(0, 32), (1, 32), (24, 32), (25, 48), (40, 48), (41, 64), (1_000, 1_008)];
        assert_eq!(expected.map(|(bytes, _)| (bytes, allocated(bytes))), expected);
    }

    #[test]
    fn items_are_plenty_by_number_or_by_bytes() {
        let (briefly, linger) = (Duration::from_millis(200), Duration::from_secs(1));
        let patience = Patience { plenty: 3, plenty_bytes: 100, full: 2, briefly, linger };
        assert!(patience.is_plenty(3, 0) && patience.is_plenty(1, 100) && patience.is_plenty(4, 101));
        assert!(!patience.is_plenty(2, 99) && !patience.is_plenty(0, 100));
        assert_eq!([1, 2, 3].map(|items| patience.wait(items)), [linger, briefly, briefly]);
    }
}
