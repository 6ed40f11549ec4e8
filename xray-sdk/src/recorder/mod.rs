//! Ties the parts together: what was configured, the sampler, the emitter and the counters behind one [`Recorder`].
//!
//! `begin` reads the trace header, asks the sampler and opens a segment or the no-op; the recorder is the sink to which
//! closed segments go. There is one recorder per process, installed once, and a thread can have one of its own for a test.

mod environment;

mod strategy;

mod hooks;

mod sink;

mod install;

mod missing;

mod watched;

mod begin;

#[cfg(feature = "platform")]
mod platform;

mod builder;

#[cfg(feature = "lambda")]
pub(crate) use begin::begin_below;
pub(crate) use begin::{Begun, SegmentRequest, begin};
pub use builder::{BuildError, Builder, InstallError, Installed};
pub use environment::Environment;
pub(crate) use install::current as current_recorder;
#[cfg(feature = "testing")]
pub(crate) use install::with_thread_recorder;
pub(crate) use missing::report_missing;
#[cfg(any(feature = "testing", feature = "lambda"))]
pub(crate) use sink::FLUSH_TIMEOUT;
#[cfg(feature = "lambda")]
pub(crate) use sink::Recorder;
pub use strategy::ContextMissing;
pub(crate) use watched::Watched;
