//! [`Delivering`]: whether what arrives leaves again. A port that answers says only that the process is alive.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use telemetry_delivery::{Ledger, LedgerSnapshot};
use tokio::time::Instant;

/// Pause between two reads of the ledgers.
const EVERY: Duration = Duration::from_secs(5);

/// Watches the ledgers of all signals.
#[derive(Debug)]
pub(crate) struct Delivering {
    ledgers: Vec<(&'static str, Arc<Ledger>)>,
    /// After so long without an accepted item, while some are held or were lost, a signal is not delivered.
    within: Duration,
    last: Mutex<BTreeMap<&'static str, Last>>,
}

/// The counts of a signal when it was last delivered, and the moment.
#[derive(Clone, Copy, Debug)]
struct Last {
    accepted: u64,
    lost: u64,
    at: Instant,
}

impl Delivering {
    pub(crate) fn new(ledgers: Vec<(&'static str, Arc<Ledger>)>, within: Duration) -> Arc<Self> {
        Arc::new(Self { ledgers, within, last: Mutex::default() })
    }

    /// Reads the ledgers until the task is dropped.
    pub(crate) async fn watch(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(EVERY);
        loop {
            ticks.tick().await;
            self.stuck();
        }
    }

    /// The signals that are not delivered.
    pub(crate) fn stuck(&self) -> Vec<&'static str> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_stuck = |(signal, ledger): &&(&'static str, Arc<Ledger>)| {
            let (now, counts) = (Instant::now(), ledger.snapshot());
            let last = last.entry(signal).or_insert_with(|| Last::new(&counts, now));
            last.is_stuck(&counts, now, self.within)
        };
        self.ledgers.iter().filter(is_stuck).map(|(signal, _)| *signal).collect()
    }
}

impl Last {
    fn new(counts: &LedgerSnapshot, at: Instant) -> Self {
        Self { accepted: counts.accepted, lost: counts.lost_in_all(), at }
    }

    fn is_stuck(&mut self, counts: &LedgerSnapshot, now: Instant, within: Duration) -> bool {
        let is_idle = counts.held() == 0 && counts.lost_in_all() == self.lost;
        if is_idle || counts.accepted != self.accepted {
            *self = Self::new(counts, now);
        }
        now.duration_since(self.at) >= within
    }
}

#[cfg(test)]
mod tests {
    use telemetry_delivery::LossReason;

    use super::*;

    #[test]
    fn a_signal_is_stuck_when_items_are_held_or_lost_and_none_is_accepted_for_long_enough() {
        let (begin, within) = (Instant::now(), Duration::from_secs(60));
        let counts = |entered, accepted, lost: u64| LedgerSnapshot {
            entered,
            accepted,
            lost: [(LossReason::POISON, lost)].into(),
            ..LedgerSnapshot::default()
        };
        let mut last = Last::new(&counts(0, 0, 0), begin);
        let mut at = |seconds, counts: &LedgerSnapshot| last.is_stuck(counts, begin + Duration::from_secs(seconds), within);
        assert!(!at(1_000, &counts(0, 0, 0)), "nothing to deliver");
        assert!(!at(1_059, &counts(5, 0, 0)));
        assert!(at(1_060, &counts(5, 0, 0)), "held for a minute");
        assert!(!at(1_061, &counts(5, 1, 0)));
        assert!(!at(1_062, &counts(5, 5, 0)));
        assert!(!at(1_063, &counts(9, 5, 4)) && at(1_130, &counts(19, 5, 14)), "everything is lost");
        assert!(!at(1_131, &counts(20, 6, 14)));
    }
}
