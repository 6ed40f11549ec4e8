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
//! | `tower` | [`tower`]: server layer for axum, hyper and tonic |
//! | `axum` | the layer names the matched route |
//! | `hyper` | [`hyper`]: servers and clients without tower |
//! | `reqwest` | [`reqwest`]: one-line extension and tower layer for the client |
//! | `reqwest-middleware` | middleware for `reqwest_middleware::ClientWithMiddleware` |
//! | `connection` | [`connection`]: dns, connect and first byte of client calls |
//! | `tonic` | [`tonic`]: gRPC clients; servers take the tower layer |
//! | `sqlx` | [`sqlx`]: traced pool, connection and transaction; with `sqlx-postgres`, `sqlx-mysql`, `sqlx-sqlite` rows affected too |
//! | `aws-sdk` | [`aws_sdk`]: an interceptor for a client, an HTTP client for all; with `eventbridge` the trace on events |
//! | `sqs` | [`sqs`]: the trace on messages, segments for those that arrive |
//! | `lambda` | [`lambda`]: handlers of Lambda functions, several invocations at once too |
//! | `platform` | segments say where they were made: ECS, EKS, Elastic Beanstalk, EC2; and which log groups belong to them |
//! | `tracing` | [`tracing`]: spans as subsegments, sqlx's events as subsegments, trace ids on log lines |
//! | `stream` | [`stream`]: streams in a subsegment |
//! | `tokio` | [`tokio`]: tasks in the context of who spawns them |
//! | `listeners` | [`Listener`]: code of yours at the begin and the end of everything |
//! | `testing` | [`testing`]: record in memory and look at documents |
//!
//! Recording returns nothing, never blocks and never panics: an SDK must not break its host. Where no request is sampled and
//! where there was no `init`, everything is one no-op that allocates nothing.
//! [`counters`] says what was lost and why.

mod clock;

mod fork;

mod agent;

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
    Exceptions, FutureExt, InContext, InSegment, InSubsegment, Segment, Subsegment, SubsegmentGuard, add_error, add_metadata, annotate,
    in_current_context, in_subsegment, set_user, spawn_thread, subsegment, trace_id,
};
#[cfg(feature = "listeners")]
pub use api::{Listener, listen};
pub use context::{ContextGuard, GuardHeldOverAwait};
pub use emitter::{AddressError, Counters, DaemonAddress, Emitter, LosslessEmitter, UdpEmitter};
#[cfg(feature = "otlp")]
pub use emitter::{OtlpEmitter, OtlpEndpoint, OtlpEndpointError, OtlpUdpEmitter};
pub use entity::{Classification, Context, IdSource};
#[cfg(feature = "aws-sdk")]
pub use integrations::aws_sdk;
#[cfg(feature = "connection")]
pub use integrations::connection;
#[cfg(feature = "hyper")]
pub use integrations::hyper;
#[cfg(feature = "lambda")]
pub use integrations::lambda;
#[cfg(feature = "reqwest")]
pub use integrations::reqwest;
#[cfg(feature = "sqlx")]
pub use integrations::sqlx;
#[cfg(feature = "sqs")]
pub use integrations::sqs;
#[cfg(feature = "stream")]
pub use integrations::stream;
#[cfg(feature = "tokio")]
pub use integrations::tokio;
#[cfg(feature = "tonic")]
pub use integrations::tonic;
#[cfg(feature = "tower")]
pub use integrations::tower;
#[cfg(feature = "tracing")]
pub use integrations::tracing;
pub use recorder::{BuildError, Builder, ContextMissing, Environment, InstallError, Installed};
/// Where to look for what the application runs on; see [`Builder::platform`].
#[cfg(feature = "platform")]
pub use telemetry_platform::World;
pub use telemetry_wire::{
    AnnotationValue, Aws, Http, HttpRequest, HttpResponse, Link, SamplingState, SegmentId, Sql, TraceHeader, TraceId, Traceparent,
};
/// Records a function as a subsegment, or as a segment of its own.
///
/// | argument | meaning | default |
/// |---|---|---|
/// | `name = "..."` | the name, any expression that makes a `Cow<'static, str>` | the function's name |
/// | `segment` | opens a segment: a new trace, if it is sampled | a subsegment of the current one |
/// | `namespace = "remote"` | a call to a service: `"aws"` or `"remote"` | local work |
/// | `annotate(key = expression, argument)` | indexed pairs | none |
/// | `metadata(key = expression, argument)` | any serializable value, not indexed | none |
/// | `err` | an `Err` is a fault, with its chain of sources | on for functions that return a `Result` |
/// | `err = classifier` | a `Fn(&E) -> Classification` says whose fault it is | |
/// | `err = false` | an `Err` is not recorded | |
/// | `ret` | the returned value's `Debug` form as metadata `return`, of a `Result` its `Ok` | off |
/// | `crate = path` | where `xray_sdk` is, when re-exported | `::xray_sdk` |
///
/// Arguments of the function are not recorded unless listed, and listed expressions are evaluated only when recording. Works
/// on functions and methods, `async` too (the subsegment begins at the first poll), on what `async_trait` makes, on functions
/// that end in `Box::pin(async move { .. })` and on those that return `impl Future` (the subsegment begins at the call). A panic is
/// recorded and goes on untouched; a future dropped before it completes is recorded as cancelled.
///
/// ```
/// use xray_sdk::{Classification, traced};
///
/// #[derive(Debug)]
/// enum Refused { NoFunds, Gateway }
/// # impl std::fmt::Display for Refused {
/// #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("refused") }
/// # }
///
/// fn whose_fault(error: &Refused) -> Classification {
///     match error {
///         Refused::NoFunds => Classification::Error,
///         Refused::Gateway => Classification::Fault,
///     }
/// }
///
/// #[traced(namespace = "remote", annotate(order, cents = amount * 100), err = whose_fault)]
/// async fn charge(order: u64, amount: u64) -> Result<(), Refused> {
///     if amount > 1_000 { Err(Refused::NoFunds) } else { Ok(()) }
/// }
///
/// #[traced(segment, name = "nightly-report")]
/// fn report() {}
/// # report();
/// ```
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
    recorder::current_recorder().map(|recorder| recorder.snapshot()).unwrap_or_default()
}
