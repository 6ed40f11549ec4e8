//! [`Pace`]: whether to send now, and how many calls at once.

use std::time::Duration;

use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::budget::Budget;

/// A destination that asks to wait is left alone, then probed by one call. When that succeeds, half as many calls as before go at once, and one
/// more with each round that succeeds: several agents that share a quota then settle at a fair part of it each.
///
/// Only a call that began after the last pause can end or lengthen it: one that was under way before says nothing new.
#[derive(Debug)]
pub(crate) struct Pace {
    until: Option<Instant>,
    is_probing: bool,
    epoch: u64,
    /// Calls at once, when it is not probed.
    allowed: f64,
    most: usize,
    backoff: Backoff,
    budget: Budget,
}

/// A hint beyond this is a mistake, and adding it to a clock could overflow.
const LONGEST_HINT: Duration = Duration::from_secs(3_600);

impl Pace {
    pub(crate) fn new(most: usize, backoff: Backoff) -> Self {
        Self { until: None, is_probing: false, epoch: 0, allowed: most as f64, most, backoff, budget: Budget::default() }
    }

    pub(crate) fn calls_at_once(&self) -> usize {
        if self.is_on_hold() {
            0
        } else if self.is_probing {
            1
        } else {
            self.allowed as usize
        }
    }

    /// The pause that a call begins after.
    pub(crate) const fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(crate) const fn resumes_at(&self) -> Option<Instant> {
        self.until
    }

    fn is_on_hold(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }

    /// A call of this epoch was asked to wait.
    pub(crate) fn wait(&mut self, epoch: u64, not_before: Option<Duration>) {
        if epoch < self.epoch {
            return;
        }
        self.epoch += 1;
        if !self.is_probing {
            self.allowed = (self.allowed / 2.0).max(1.0);
        }
        let wait = self.backoff.next_wait(fastrand::f64());
        let wait = if self.budget.pay_for_repeat() { wait } else { self.backoff.cap() };
        self.until = Some(Instant::now() + wait.max(not_before.unwrap_or_default().min(LONGEST_HINT)));
        self.is_probing = true;
    }

    /// Tries once more at once, for a shutdown that cannot wait.
    pub(crate) const fn lift(&mut self) {
        self.until = None;
    }

    /// A call of this epoch succeeded.
    pub(crate) fn note_success(&mut self, epoch: u64) {
        if epoch < self.epoch {
            return;
        }
        if !self.is_probing {
            self.allowed = (self.allowed + 1.0 / self.allowed).min(self.most as f64);
        }
        self.until = None;
        self.is_probing = false;
        self.backoff.reset();
        self.budget.note_success();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(1);

    fn pace() -> Pace {
        Pace::new(8, Backoff::new(SOON, SOON))
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_from_before_a_pause_does_not_end_it() {
        let mut pace = pace();
        pace.wait(0, None);
        pace.note_success(0);
        assert_eq!(pace.calls_at_once(), 0, "one more call of the same moment says nothing new");
        pace.wait(0, Some(Duration::MAX));
        assert_eq!(pace.epoch(), 1, "eight failures of one moment are one step");
        pace.wait(1, Some(Duration::MAX));
        pace.note_success(2);
        assert!(pace.calls_at_once() > 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_says_when_it_ends_and_halves_the_calls_once() {
        let mut pace = pace();
        assert_eq!(pace.resumes_at(), None);
        pace.wait(0, Some(SOON * 5));
        assert_eq!(pace.resumes_at(), Some(Instant::now() + SOON * 5));
        tokio::time::advance(SOON * 5).await;
        pace.note_success(1);
        assert_eq!(pace.calls_at_once(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttle_halves_the_calls_and_each_round_that_succeeds_adds_one() {
        let mut pace = pace();
        assert_eq!(pace.calls_at_once(), 8);
        pace.wait(0, None);
        tokio::time::advance(SOON).await;
        assert_eq!(pace.calls_at_once(), 1, "a probe");
        pace.wait(1, None);
        tokio::time::advance(SOON).await;
        pace.note_success(2);
        assert_eq!(pace.calls_at_once(), 4, "a probe that fails does not halve again");
        for _ in 0..5 {
            pace.note_success(2);
        }
        assert_eq!(pace.calls_at_once(), 5);
        for _ in 0..100 {
            pace.note_success(2);
        }
        assert_eq!(pace.calls_at_once(), 8);
    }
}
