//! AWS X-Ray for Rust: every request as a trace of segments and subsegments, in the process for about 25 ns each.
//!
//! ```no_run
//! #[xray_sdk::traced]
//! async fn charge(order: u64) -> Result<(), std::io::Error> {
//!     xray_sdk::annotate("order", order);
//!     Ok(())
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let _xray = xray_sdk::init("payments")?; // sends to the agent on 127.0.0.1:2000
//! let segment = xray_sdk::Segment::begin("payments");
//! use xray_sdk::FutureExt as _;
//! charge(7).in_segment(segment).await?;
//! # Ok(()) }
//! ```
//!
//! Servers and clients come with layers that open segments and pass the trace on; each is a feature:
//!
//! | feature | what |
//! |---|---|
#![cfg_attr(feature = "tower", doc = "| `tower` | [`tower`]: server layer for axum, hyper and tonic |")]
#![cfg_attr(feature = "axum", doc = "| `axum` | the layer names the matched route |")]
#![cfg_attr(feature = "reqwest", doc = "| `reqwest` | [`reqwest`]: one-line extension and tower layer for the client |")]
#![cfg_attr(feature = "reqwest-middleware", doc = "| `reqwest-middleware` | middleware for `reqwest_middleware::ClientWithMiddleware` |")]
#![cfg_attr(feature = "testing", doc = "| `testing` | [`testing`]: record in memory and look at documents |")]
//!
//! Recording returns nothing, never blocks and never panics: an SDK must not break its host. Where there is no agent, no
//! sampled request or no `init`, everything is one no-op that costs about a nanosecond and allocates nothing.
//! [`counters`] says what was lost and why.

mod clock;

mod entity;

mod context;
mod emitter;
pub mod sampling;

mod recorder;

mod api;

mod integrations;

#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
pub mod __private;

pub use api::{
    Classification, Exceptions, FutureExt, InContext, InSegment, InSubsegment, Segment, Subsegment, SubsegmentGuard, add_error,
    add_metadata, annotate, in_subsegment, set_user, subsegment, trace_id,
};
pub use context::ContextGuard;
pub use emitter::{AddressError, Counters, DaemonAddress, Emitter, UdpEmitter};
pub use entity::Context;
#[cfg(feature = "reqwest")]
pub use integrations::reqwest;
#[cfg(feature = "tower")]
pub use integrations::tower;
pub use recorder::{BuildError, Builder, ContextMissing, Environment, InstallError, Installed};
pub use telemetry_wire::{
    AnnotationValue, Aws, Http, HttpRequest, HttpResponse, Link, SamplingState, SegmentId, Sql, TraceHeader, TraceId, Traceparent,
};
pub use xray_macros::traced;

/// Installs the SDK for a service of this name with default settings and the `AWS_XRAY_*` variables.
///
/// Keep what it returns until the process ends: dropping it sends what is left.
///
/// # Errors
/// When a variable is wrong, or the SDK is installed already.
pub fn init(name: impl Into<std::borrow::Cow<'static, str>>) -> Result<Installed, InstallError> {
    builder(name).install()
}

/// Configures the SDK before it is installed.
pub fn builder(name: impl Into<std::borrow::Cow<'static, str>>) -> Builder {
    Builder::new(name)
}

/// What happened to documents since `init`; all zeros before it.
#[must_use]
pub fn counters() -> Counters {
    recorder::current_recorder().map(|recorder| recorder.counters.snapshot()).unwrap_or_default()
}
