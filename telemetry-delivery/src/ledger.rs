//! [`Ledger`]: where every item went.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::verdict::LossReason;

/// Counts items from entry to end. Invariant: entered = accepted + lost + held.
#[derive(Debug, Default)]
pub struct Ledger {
    entered: AtomicU64,
    accepted: AtomicU64,
    repeated: AtomicU64,
    calls: AtomicU64,
    lost: Mutex<BTreeMap<LossReason, u64>>,
}

/// The ledger at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerSnapshot {
    /// Items offered, those lost at once included.
    pub entered: u64,
    /// Items that the destination took.
    pub accepted: u64,
    /// Items sent once more.
    pub repeated: u64,
    /// Calls made.
    pub calls: u64,
    /// Items lost, by reason.
    pub lost: BTreeMap<LossReason, u64>,
}

impl LedgerSnapshot {
    /// Items lost for any reason.
    #[must_use]
    pub fn lost_in_all(&self) -> u64 {
        self.lost.values().sum()
    }

    /// Items that are still on their way.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.entered - self.accepted - self.lost_in_all()
    }
}

impl Ledger {
    pub(crate) fn enter(&self) {
        self.entered.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn accept(&self, items: usize) {
        self.accepted.fetch_add(items as u64, Ordering::Relaxed);
    }

    pub(crate) fn repeat(&self, items: usize) {
        self.repeated.fetch_add(items as u64, Ordering::Relaxed);
    }

    pub(crate) fn call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn lose(&self, items: usize, reason: LossReason) {
        if items > 0 {
            *self.lost.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += items as u64;
        }
    }

    /// Reads all counts; those of other threads may be a moment old.
    #[must_use]
    pub fn snapshot(&self) -> LedgerSnapshot {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let read = |cell: &AtomicU64| cell.load(Ordering::Relaxed);
        let (accepted, repeated, calls) = (read(&self.accepted), read(&self.repeated), read(&self.calls));
        LedgerSnapshot { entered: read(&self.entered), accepted, repeated, calls, lost }
    }
}
