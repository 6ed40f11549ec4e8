//! The clock by which requests are signed.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_async::time::TimeSource;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// Seconds by which AWS's clock is ahead of this machine's, which has one.
static AHEAD: AtomicI64 = AtomicI64::new(0);

/// The time by which requests are signed: this machine's, until AWS refuses it.
#[derive(Clone, Copy, Debug)]
pub struct LearnedClock;

impl TimeSource for LearnedClock {
    fn now(&self) -> SystemTime {
        signing_now()
    }
}

/// Takes AWS's time from the `Date` of a refusal. A difference below a minute is no reason for one.
pub(crate) fn learn(date: &str) {
    const WORTH_TAKING: i64 = 60;
    let Ok(date) = DateTime::from_str(date, Format::HttpDate) else { return };
    let ahead = date.secs() - DateTime::from(system_now()).secs();
    let ahead = if ahead.abs() < WORTH_TAKING { 0 } else { ahead };
    if AHEAD.swap(ahead, Ordering::Relaxed) != ahead {
        tracing::warn!(seconds = -ahead, "this machine's clock is ahead of AWS's; requests are signed by AWS's");
    }
}

/// The time to sign with.
#[must_use]
pub fn signing_now() -> SystemTime {
    let ahead = AHEAD.load(Ordering::Relaxed);
    let by = Duration::from_secs(ahead.unsigned_abs());
    if ahead >= 0 { system_now() + by } else { system_now().checked_sub(by).unwrap_or(UNIX_EPOCH) }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place where the crate reads the wall clock")]
fn system_now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_signed_by_the_clock_that_aws_has() {
        let difference = || signing_now().duration_since(system_now()).map_or(0, |ahead| ahead.as_secs());
        let at = |ahead: u64| DateTime::from(system_now() + Duration::from_secs(ahead)).fmt(Format::HttpDate).unwrap();
        learn(&at(86_400));
        assert!((86_395..=86_405).contains(&difference()));
        learn("never");
        assert!(difference() > 0);
        learn(&at(3));
        assert_eq!(difference(), 0);
    }
}
