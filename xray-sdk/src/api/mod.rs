//! What applications call.

mod ambient;
mod exception;
mod future;
mod segment;
mod subsegment;

pub use ambient::{add_error, add_metadata, annotate, set_user, trace_id};
pub use exception::{Classification, Exceptions};
pub(crate) use future::guarded;
pub use future::{FutureExt, InContext, InSegment, InSubsegment, Owned, Owner};
pub use segment::Segment;
pub use subsegment::{Subsegment, SubsegmentGuard, in_subsegment, subsegment};
