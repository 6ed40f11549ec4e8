//! SQL as it may be shown: what the database integrations share.

#[cfg(feature = "sqlx")]
mod quiet;

#[cfg(feature = "sqlx")]
pub(crate) use quiet::Quiet;

/// Target of the span in which the `tracing` layer leaves sqlx's events alone: the statement has a subsegment already.
#[cfg(feature = "tracing")]
pub(crate) const QUIET_TARGET: &str = "xray_sdk::quiet";
