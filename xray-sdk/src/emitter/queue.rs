//! [`FragmentQueue`]: between the threads that close segments and the worker.

use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_queue::ArrayQueue;

use crate::entity::Fragment;

/// Fragments that may wait.
const FRAGMENTS: usize = 4_096;
/// Records that may wait, about 64 bytes each without details: fragments alone would bound nothing.
const RECORDS: usize = 131_072;

/// Bounded and lock-free. A full queue gives the fragment back.
#[derive(Debug)]
pub(crate) struct FragmentQueue {
    fragments: ArrayQueue<Fragment>,
    records: AtomicUsize,
}

impl FragmentQueue {
    pub(crate) fn new() -> Self {
        Self { fragments: ArrayQueue::new(FRAGMENTS), records: AtomicUsize::new(0) }
    }

    /// Adds a fragment. Returns it when there is no room.
    #[must_use]
    pub(crate) fn push(&self, fragment: Fragment) -> Option<Fragment> {
        let size = size_of(&fragment);
        // A fragment that is larger than the queue gets in when nothing else waits, or it would wait for ever.
        let before = self.records.fetch_add(size, Ordering::Relaxed);
        let has_room = before == 0 || before + size <= RECORDS;
        let refused = if has_room { self.fragments.push(fragment).err() } else { Some(fragment) };
        if refused.is_some() {
            self.records.fetch_sub(size, Ordering::Relaxed);
        }
        refused
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
