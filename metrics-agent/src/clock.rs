//! The wall clock of the agent, one place to read it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since the epoch.
#[expect(clippy::disallowed_methods, reason = "this is the one place where the crate reads the wall clock")]
pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// As [`now`], for APIs that want it so.
#[expect(clippy::disallowed_methods, reason = "this is the one place where the crate reads the wall clock")]
pub(crate) fn system_now() -> SystemTime {
    SystemTime::now()
}
