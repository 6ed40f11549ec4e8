//! Ties the parts together: what was configured, the sampler, the emitter and the counters behind one [`Recorder`].
//!
//! `begin` reads the trace header, asks the sampler and opens a segment or the no-op; the recorder is the sink to which
//! closed segments go. There is one recorder per process, installed once, and a thread can have one of its own for a test.

mod begin;
mod builder;
mod environment;
mod install;
mod missing;
mod sink;

pub(crate) use begin::{Begun, SegmentRequest, begin};
pub use builder::{BuildError, Builder, InstallError, Installed};
pub use environment::Environment;
pub(crate) use install::current as current_recorder;
#[cfg(feature = "testing")]
pub(crate) use install::with_thread_recorder;
pub use missing::ContextMissing;
pub(crate) use missing::report_missing;
pub(crate) use sink::Recorder;
