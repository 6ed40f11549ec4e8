//! [`FragmentQueue`]: between the threads that close segments and the worker.

use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_queue::ArrayQueue;

use crate::entity::Fragment;

/// Fragments that may wait.
const FRAGMENTS: usize = 4_096;
/// Records that may wait, about 64 bytes each without details: fragments alone would bound nothing.
const RECORDS: usize = 131_072;

/// Bounded and lock-free; full means the fragment is lost and counted.
#[derive(Debug)]
pub(crate) struct FragmentQueue {
    fragments: ArrayQueue<Fragment>,
    records: AtomicUsize,
}

impl FragmentQueue {
    pub(crate) fn new() -> Self {
        Self { fragments: ArrayQueue::new(FRAGMENTS), records: AtomicUsize::new(0) }
    }

    /// Returns whether there was room.
    #[must_use]
    pub(crate) fn push(&self, fragment: Fragment) -> bool {
        let size = size_of(&fragment);
        let has_room = self.records.fetch_add(size, Ordering::Relaxed) + size <= RECORDS;
        let is_taken = has_room && self.fragments.push(fragment).is_ok();
        if !is_taken {
            self.records.fetch_sub(size, Ordering::Relaxed);
        }
        is_taken
    }

    pub(crate) fn take(&self) -> Option<Fragment> {
        let fragment = self.fragments.pop()?;
        self.records.fetch_sub(size_of(&fragment), Ordering::Relaxed);
        Some(fragment)
    }

    /// Whether so many wait that some may soon be lost.
    pub(crate) fn is_filling(&self) -> bool {
        self.fragments.len() > FRAGMENTS / 4 || self.records.load(Ordering::Relaxed) > RECORDS / 4
    }

    pub(crate) fn len(&self) -> usize {
        self.fragments.len()
    }
}

fn size_of(fragment: &Fragment) -> usize {
    fragment.records.len() + 1
}
