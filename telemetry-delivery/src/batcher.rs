//! From items to batches: pure, so that limits can be tested without a clock.

use std::time::Duration;

use crate::queue::{Held, Item, Patience};

/// Cuts waiting items into batches.
pub trait Batcher<T>: Send + Sync + 'static {
    /// Returns how long items wait for others.
    fn patience(&self) -> Patience;

    /// Cuts all items into batches, none empty, none lost.
    fn cut(&self, items: Vec<Held<T>>) -> Vec<Vec<Held<T>>>;
}

/// Limits of one batch.
#[derive(Clone, Copy, Debug)]
pub struct BatchLimits {
    /// Items.
    pub items: usize,
    /// Bytes of all items.
    pub bytes: usize,
    /// How long the first item waits for company.
    pub linger: Duration,
}

/// Keeps items of one affinity together.
#[derive(Clone, Copy, Debug)]
pub struct AffineBatcher {
    limits: BatchLimits,
}

impl AffineBatcher {
    /// Batches that waiting may gain: with more at once, items of one affinity are more likely to be among them.
    const BATCHES_AT_ONCE: usize = 8;
    /// The part of the linger that a full batch waits for: longer, it would gain nothing but neighbours of its traces.
    const BRIEFLY: u32 = 5;

    /// Cuts by these limits.
    #[must_use]
    pub const fn new(limits: BatchLimits) -> Self {
        Self { limits }
    }
}

impl<T: Item> Batcher<T> for AffineBatcher {
    fn patience(&self) -> Patience {
        let BatchLimits { items, bytes, linger } = self.limits;
        let (plenty, plenty_bytes) = (items * Self::BATCHES_AT_ONCE, bytes * Self::BATCHES_AT_ONCE);
        Patience { plenty, plenty_bytes, full: items, briefly: linger / Self::BRIEFLY, linger }
    }

    fn cut(&self, mut items: Vec<Held<T>>) -> Vec<Vec<Held<T>>> {
        items.sort_by_key(|held| held.item.affinity());
        let mut batches: Vec<Vec<Held<T>>> = Vec::new();
        for group in items.into_iter().fold(Vec::new(), into_groups) {
            let fits = batches.last().is_some_and(|batch| self.fits(batch, &group));
            match batches.last_mut() {
                Some(batch) if fits => batch.extend(group),
                _ => self.open(&mut batches, group),
            }
        }
        batches
    }
}

fn into_groups<T: Item>(mut groups: Vec<Vec<Held<T>>>, held: Held<T>) -> Vec<Vec<Held<T>>> {
    match groups.last_mut() {
        Some(group) if group.first().is_some_and(|first| first.item.affinity() == held.item.affinity() && held.item.affinity() != 0) => {
            group.push(held)
        }
        _ => groups.push(vec![held]),
    }
    groups
}

impl AffineBatcher {
    fn fits<T: Item>(&self, batch: &[Held<T>], more: &[Held<T>]) -> bool {
        batch.len() + more.len() <= self.limits.items && bytes_of(batch) + bytes_of(more) <= self.limits.bytes
    }

    /// Opens a batch for a group, or as many as it needs.
    fn open<T: Item>(&self, batches: &mut Vec<Vec<Held<T>>>, group: Vec<Held<T>>) {
        let mut batch = Vec::new();
        for held in group {
            if !batch.is_empty() && !self.fits(&batch, std::slice::from_ref(&held)) {
                batches.push(std::mem::take(&mut batch));
            }
            batch.push(held);
        }
        batches.push(batch);
    }
}

/// Bytes of all items.
pub(crate) fn bytes_of<T: Item>(items: &[Held<T>]) -> usize {
    items.iter().map(|held| held.item.bytes()).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::time::Instant;

    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    struct Letter {
        trace: u8,
        size: usize,
    }

    impl Item for Letter {
        fn bytes(&self) -> usize {
            self.size
        }

        fn affinity(&self) -> u128 {
            self.trace.into()
        }
    }

    #[test]
    fn eight_full_batches_wait_for_nothing_and_one_waits_for_a_fifth_of_the_linger() {
        let batcher = AffineBatcher::new(BatchLimits { items: 50, bytes: 6_000, linger: Duration::from_secs(1) });
        let Patience { plenty, plenty_bytes, full, briefly, linger } = Batcher::<Letter>::patience(&batcher);
        assert_eq!((plenty, plenty_bytes, full), (400, 48_000, 50));
        assert_eq!((briefly, linger), (Duration::from_millis(200), Duration::from_secs(1)));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_limits_hold_and_traces_stay_together(
            letters in prop::collection::vec((0_u8..9, 1_usize..40), 0..200),
            max_items in 1_usize..12, max_bytes in 40_usize..200,
        ) {
            let since = Instant::now();
            let batcher = AffineBatcher::new(BatchLimits { items: max_items, bytes: max_bytes, linger: Duration::ZERO });
            let held = letters.iter().map(|&(trace, size)| Held { item: Letter { trace, size }, since, place: None }).collect();
            let batches = batcher.cut(held);
            for batch in &batches {
                prop_assert!(!batch.is_empty() && batch.len() <= max_items && bytes_of(batch) <= max_bytes);
            }
            let mut came: Vec<_> = letters.iter().map(|&(trace, size)| Letter { trace, size }).collect();
            let mut went: Vec<_> = batches.iter().flatten().map(|held| held.item).collect();
            came.sort();
            went.sort();
            prop_assert_eq!(came, went);
            for trace in 1..9 {
                let of_trace: Vec<_> = letters.iter().filter(|letter| letter.0 == trace).collect();
                let fits = of_trace.len() <= max_items && of_trace.iter().map(|letter| letter.1).sum::<usize>() <= max_bytes;
                let spread = batches.iter().filter(|batch| batch.iter().any(|held| held.item.trace == trace)).count();
                prop_assert!(!fits || spread <= 1, "trace {} is in {} batches", trace, spread);
            }
        }
    }
}
