//! Open segments and subsegments, and the one no-op.
//!
//! A trace fragment (a segment of this process and its subsegments) lives in one pooled [`SegmentCell`]. A [`Context`] is
//! five plain words that name an entity in a cell; it is `Copy`, pins nothing, and is checked against the cell's generation
//! whenever it is used, so a context that outlived its segment can never write into somebody else's.
//!
//! Invariant: a generation cannot change while subsegments of it are open (begun ≠ ended).
//!
//! An entity without a cell is the no-op. It serves *not sampled*, *not installed* and *context missing*.
//!
//! Next: a [`Fragment`] goes to the recorder's [`FragmentSink`], see `emitter`.

mod classification;

mod ids;

mod record;

mod note;

mod fragment;

mod pool;

mod cell;

mod extras;

mod handle;

mod open;

pub(crate) use cell::{CellPool, FragmentSink, Noted, StreamLimits};
pub use classification::Classification;
pub(crate) use fragment::{Fragment, Root, RootKind};
pub use handle::Context;
pub use ids::IdSource;
pub(crate) use ids::{new_id_base, new_trace_id, random_segment_id};
pub(crate) use note::{Note, add_exceptions};
#[cfg(feature = "lambda")]
pub(crate) use open::Announcement;
pub(crate) use open::{Left, OpenRoot, OpenSubsegment, Step};
pub(crate) use record::Finished;
