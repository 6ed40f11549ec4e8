//! The clocks of the shipper, one place to read them.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// One moment by both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// The monotonic clock, for durations.
    pub(crate) instant: Instant,
    /// Milliseconds since the epoch.
    pub(crate) millis: i64,
}

impl Now {
    /// Reads both clocks at one moment.
    #[expect(clippy::disallowed_methods, reason = "this is the one place where the crate reads the clocks")]
    pub(crate) fn read() -> Self {
        Self { instant: Instant::now(), millis: millis(SystemTime::now()) }
    }
}

/// Milliseconds since the epoch.
pub(crate) fn millis(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
