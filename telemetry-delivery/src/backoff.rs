//! *When* to try again: decorrelated jitter.

use std::time::Duration;

/// Waits between `base` and three times the last wait, at most `cap`. Pure: gives a duration, sleeps never.
///
/// The form of the AWS Architecture Blog's simulator that needed the fewest calls per request under a throttle.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
    last: Duration,
}

impl Backoff {
    /// Begins at `base`; no wait exceeds `cap`.
    #[must_use]
    pub const fn new(base: Duration, cap: Duration) -> Self {
        Self { base, cap, last: base }
    }

    /// The next wait; `random` is from 0 to 1.
    pub fn next_wait(&mut self, random: f64) -> Duration {
        let span = (self.last * 3).saturating_sub(self.base);
        self.last = (self.base + span.mul_f64(random.clamp(0.0, 1.0))).min(self.cap);
        self.last
    }

    /// The longest wait.
    #[must_use]
    pub const fn cap(&self) -> Duration {
        self.cap
    }

    /// Starts over after a success.
    pub const fn reset(&mut self) {
        self.last = self.base;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Duration = Duration::from_millis(100);
    const CAP: Duration = Duration::from_secs(10);

    #[test]
    fn waits_grow_to_the_cap_and_start_over() {
        let mut backoff = Backoff::new(BASE, CAP);
        let waits: Vec<_> = (0..6).map(|_| backoff.next_wait(1.0).as_millis()).collect();
        assert_eq!(waits, [300, 900, 2_700, 8_100, 10_000, 10_000]);
        backoff.reset();
        assert_eq!(backoff.next_wait(1.0), BASE * 3);
        assert_eq!(backoff.next_wait(0.0), BASE);
    }
}
