//! What applications call.

mod ambient;
mod exception;
mod future;
mod segment;
mod subsegment;

pub use ambient::{add_error, add_metadata, annotate, set_user, trace_id};
pub use exception::{Classification, Exceptions};
pub use future::{FutureExt, InContext, InSegment, InSubsegment};
pub use segment::Segment;
pub use subsegment::{Subsegment, SubsegmentGuard, in_subsegment, subsegment};
