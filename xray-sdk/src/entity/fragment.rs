//! [`Fragment`]: what leaves a cell.

use std::borrow::Cow;

use telemetry_wire::{Details, Flags, SegmentId, TraceId};

use super::ids::id_of;
use super::note::Note;
use super::record::Finished;
use crate::clock::{Anchor, Ticks};

/// A segment with its ended subsegments, or ended subsegments alone.
#[derive(Debug)]
pub(crate) struct Fragment {
    pub(crate) identity: Identity,
    pub(crate) anchor: Anchor,
    /// Absent when only ended subsegments leave: streamed, or ended after their segment.
    pub(crate) root: Option<Root>,
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
    /// A segment that is not sampled, and sent only if it becomes one.
    Tentative { parent: Option<SegmentId> },
    /// A subsegment that began when its segment was gone.
    Detached { parent: SegmentId },
}

impl RootKind {
    pub(super) const fn parent(self) -> Option<SegmentId> {
        match self {
            Self::Segment { parent } | Self::Tentative { parent } => parent,
            Self::Detached { parent } => Some(parent),
        }
    }
}

/// What names the entities of a fragment: their trace, and the base of their ids.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    pub(crate) trace: TraceId,
    pub(super) id_base: u64,
}

impl Identity {
    pub(super) const fn new(trace: TraceId, id_base: u64) -> Self {
        Self { trace, id_base }
    }
}

impl Fragment {
    /// The id of the entity with this number; number 0 is the root.
    pub(crate) const fn id_of(&self, number: u32) -> SegmentId {
        id_of(self.identity.id_base, number)
    }
}
