//! [`FragmentQueue`]: between the threads that close segments and the worker.

use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_queue::ArrayQueue;

use crate::entity::Fragment;

/// Fragments that may wait.
const FRAGMENTS: usize = 8_192;
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

    /// Gives the fragment back when there is no room.
    pub(crate) fn push(&self, fragment: Fragment) -> Result<(), Fragment> {
        let size = size_of(&fragment);
        if self.records.fetch_add(size, Ordering::Relaxed) + size > RECORDS {
            self.records.fetch_sub(size, Ordering::Relaxed);
            return Err(fragment);
        }
        self.fragments.push(fragment).inspect_err(|fragment| {
            self.records.fetch_sub(size_of(fragment), Ordering::Relaxed);
        })
    }

    pub(crate) fn take(&self) -> Option<Fragment> {
        let fragment = self.fragments.pop()?;
        self.records.fetch_sub(size_of(&fragment), Ordering::Relaxed);
        Some(fragment)
    }

    pub(crate) fn len(&self) -> usize {
        self.fragments.len()
    }
}

fn size_of(fragment: &Fragment) -> usize {
    fragment.records.len() + 1
}
