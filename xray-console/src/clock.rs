//! The wall clock of the console, one place to read it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since the epoch.
#[expect(clippy::disallowed_methods, reason = "this is the one place where the crate reads the wall clock")]
pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// Milliseconds since the epoch.
pub(crate) fn now_millis() -> i64 {
    (now() * 1_000.0) as i64
}

/// Epoch seconds of an input: a number or, from older clients, a number as text.
pub(crate) fn epoch_seconds(value: &serde_json::Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).filter(|seconds| seconds.is_finite())
}
