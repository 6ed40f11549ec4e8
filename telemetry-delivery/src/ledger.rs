//! [`Ledger`]: where every item went.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::verdict::LossReason;

/// Counts items from entry to end. Invariant: entered + recovered = accepted + lost + held.
#[derive(Debug, Default)]
pub struct Ledger {
    entered: AtomicU64,
    recovered: AtomicU64,
    disk_items: AtomicU64,
    disk_bytes: AtomicU64,
    accepted: AtomicU64,
    repeated: AtomicU64,
    calls: AtomicU64,
    lost: Mutex<BTreeMap<LossReason, u64>>,
    unread: Mutex<BTreeMap<LossReason, u64>>,
}

/// The ledger at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerSnapshot {
    /// Items offered, those lost at once included.
    pub entered: u64,
    /// Items that an earlier process left in the spool.
    pub recovered: u64,
    /// Items that are on disk only, a moment ago.
    pub disk_items: u64,
    /// Bytes of the spool, a moment ago.
    pub disk_bytes: u64,
    /// Items that the destination took.
    pub accepted: u64,
    /// Items sent once more.
    pub repeated: u64,
    /// Calls made.
    pub calls: u64,
    /// Items lost, by reason.
    pub lost: BTreeMap<LossReason, u64>,
    /// Bytes that were lost before they could be read as items, by reason.
    pub unread: BTreeMap<LossReason, u64>,
}

impl LedgerSnapshot {
    /// Items lost for any reason.
    #[must_use]
    pub fn lost_in_all(&self) -> u64 {
        self.lost.values().sum()
    }

    /// Items that are still on their way, in memory or on disk.
    #[must_use]
    pub fn held(&self) -> u64 {
        (self.entered + self.recovered).saturating_sub(self.accepted + self.lost_in_all())
    }
}

impl Ledger {
    pub(crate) fn enter(&self) {
        self.entered.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn recover(&self, items: u64) {
        self.recovered.fetch_add(items, Ordering::Relaxed);
    }

    pub(crate) fn note_disk(&self, items: u64, bytes: u64) {
        self.disk_items.store(items, Ordering::Relaxed);
        self.disk_bytes.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn disk_items(&self) -> u64 {
        self.disk_items.load(Ordering::Relaxed)
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

    /// Counts items that were refused before they were offered to a queue: entered and lost.
    pub fn refuse(&self, items: u64, reason: LossReason) {
        self.entered.fetch_add(items, Ordering::Relaxed);
        self.lose(items as usize, reason);
    }

    /// Counts bytes that were lost before they could be read as items, such as the rest of a log file that was deleted.
    pub fn lose_unread(&self, bytes: u64, reason: LossReason) {
        if bytes > 0 {
            *self.unread.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += bytes;
        }
    }

    /// Reads all counts; those of other threads may be a moment old.
    #[must_use]
    pub fn snapshot(&self) -> LedgerSnapshot {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let read = |cell: &AtomicU64| cell.load(Ordering::Relaxed);
        let (accepted, repeated, calls) = (read(&self.accepted), read(&self.repeated), read(&self.calls));
        let (disk_items, disk_bytes) = (read(&self.disk_items), read(&self.disk_bytes));
        let recovered = read(&self.recovered);
        LedgerSnapshot { entered: read(&self.entered), recovered, disk_items, disk_bytes, accepted, repeated, calls, lost, unread }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_is_in_the_snapshot_under_its_name() {
        let ledger = Ledger::default();
        (0..9).for_each(|_| ledger.enter());
        ledger.recover(5);
        ledger.note_disk(4, 400);
        ledger.accept(3);
        ledger.repeat(2);
        ledger.call();
        ledger.lose(1, LossReason::POISON);
        ledger.lose(2, LossReason::POISON);
        ledger.lose(0, LossReason::DISK);
        ledger.refuse(6, LossReason::TOO_OLD);
        ledger.lose_unread(7, LossReason::DISK);
        ledger.lose_unread(8, LossReason::DISK);
        ledger.lose_unread(0, LossReason::POISON);
        let snapshot = ledger.snapshot();
        let expected = LedgerSnapshot {
            entered: 15,
            recovered: 5,
            disk_items: 4,
            disk_bytes: 400,
            accepted: 3,
            repeated: 2,
            calls: 1,
            lost: BTreeMap::from([(LossReason::POISON, 3), (LossReason::TOO_OLD, 6)]),
            unread: BTreeMap::from([(LossReason::DISK, 15)]),
        };
        assert_eq!(snapshot, expected);
        assert_eq!((snapshot.lost_in_all(), snapshot.held(), ledger.disk_items()), (9, 8, 4));
    }
}
