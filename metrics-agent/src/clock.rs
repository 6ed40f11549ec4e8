//! The wall clock of the agent, one place to read it.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// The time as log lines of the X-Ray daemon have it, in UTC.
#[must_use]
pub fn timestamp() -> String {
    DateTime::from_secs(now() as i64).fmt(Format::DateTime).unwrap_or_default()
}

/// Seconds since the epoch.
#[expect(clippy::disallowed_methods, reason = "this is the one place where the crate reads the wall clock")]
pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
