//! What applications call.

mod ambient;
mod database_error;
#[cfg(feature = "listeners")]
mod edges;
mod exception;
mod future;
#[cfg(feature = "listeners")]
mod listener;
mod segment;
mod spawn;
mod subsegment;

pub use ambient::{add_error, add_metadata, annotate, set_user, trace_id};
#[cfg(feature = "sqlx")]
pub(crate) use database_error::describe_database_error;
pub use exception::Exceptions;
pub(crate) use exception::debug_of as debug_text;
pub(crate) use future::guarded;
pub use future::{FutureExt, InContext, InSegment, InSubsegment, Owned, Owner};
#[cfg(feature = "listeners")]
pub use listener::{Listener, listen};
pub use segment::Segment;
pub use spawn::{in_current_context, spawn_thread};
pub use subsegment::{Subsegment, SubsegmentGuard, in_subsegment, subsegment};
