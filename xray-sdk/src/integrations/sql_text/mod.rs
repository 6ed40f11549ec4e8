//! SQL as it may be shown: what the database integrations share.

mod lexer;
#[cfg(feature = "sqlx")]
mod quiet;
mod sanitize;

pub(crate) use lexer::Dialect;
#[cfg(feature = "sqlx")]
pub(crate) use quiet::Quiet;
pub(crate) use sanitize::sanitize;
#[cfg(feature = "sqlx")]
pub(crate) use sanitize::without_quoted;

/// Target of the span in which the `tracing` layer leaves sqlx's events alone: the statement has a subsegment already.
#[cfg(feature = "tracing")]
pub(crate) const QUIET_TARGET: &str = "xray_sdk::quiet";
