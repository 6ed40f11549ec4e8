//! `tracing`: spans as subsegments, sqlx's events as subsegments, trace ids on log lines.
//!
//! ```
//! use tracing_subscriber::layer::SubscriberExt as _;
//!
//! let subscriber = tracing_subscriber::registry()
//!     .with(xray_sdk::tracing::Layer::new())
//!     .with(tracing_subscriber::fmt::layer().event_format(xray_sdk::tracing::WithTrace::text(tracing_subscriber::fmt::format())));
//! # drop(subscriber);
//! ```
//!
//! **Spans.** Every span within a segment becomes a subsegment: code with `#[instrument]` shows up as it is. Fields that [`Layer::annotate_fields`] names are annotations (numbers,
//! booleans, texts; what is recorded by `Debug` as text), also those recorded later. An event with an `error` field, which is what
//! `#[instrument(err)]` makes, is a fault with its chain of sources. Spans may end on other threads, out of order and after their
//! segment. Spans outside a segment are left alone, or open segments with [`Layer::open_segments`].
//!
//! **sqlx without changes.** The event that sqlx makes of every statement becomes a subsegment that began so long ago as the statement took. It
//! is made at level DEBUG, so the filter has to let `sqlx::query=debug` pass. Failed statements and waits for a connection are not
//! in these events; the traced pool of feature `sqlx` has them. Together the two record each statement once.
//!
//! **Log lines.** [`WithTrace`] puts the trace on each line in the form in which CloudWatch finds it.

mod fields;
mod format;
mod layer;
mod statement;

pub use format::WithTrace;
pub use layer::Layer;
