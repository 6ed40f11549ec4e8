//! [`Fragment`]: what leaves a cell.

use std::borrow::Cow;

use telemetry_wire::{Details, Flags, SegmentId, TraceId};

use super::ids::id_of;
use super::note::Note;
use super::record::Finished;
use crate::clock::{ClockSpan, Ticks};

/// A segment with its ended subsegments, or ended subsegments alone.
#[derive(Debug)]
pub(crate) struct Fragment {
    pub(crate) trace: TraceId,
    pub(crate) id_base: u64,
    pub(crate) clock: ClockSpan,
    /// Absent when only ended subsegments leave: streamed, or ended after their segment.
    pub(crate) root: Option<Box<Root>>,
    pub(crate) records: Vec<Finished>,
    pub(crate) notes: Vec<(u32, Note)>,
}

/// The entity on top of a fragment.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) kind: RootKind,
    pub(crate) name: Cow<'static, str>,
    pub(crate) start: Ticks,
    /// `None` announces a segment that is still open.
    pub(crate) end: Option<Ticks>,
    pub(crate) flags: Flags,
    pub(crate) details: Option<Box<Details>>,
}

/// What the root is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RootKind {
    /// A segment, called by another service's subsegment or by nobody we know.
    Segment { parent: Option<SegmentId> },
    /// A subsegment that began when its segment was gone.
    Detached { parent: SegmentId },
}

impl Fragment {
    /// The id of the entity with this number; number 0 is the root.
    pub(crate) fn id_of(&self, number: u32) -> SegmentId {
        id_of(self.id_base, number)
    }
}
