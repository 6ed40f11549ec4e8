//! The owners: an open segment and an open subsegment. Dropping ends them.

use std::borrow::Cow;

use telemetry_wire::{Details, Flags, TraceId};

use super::cell::{Batch, End, FragmentSink, SegmentCell};
use super::fragment::{Fragment, Root, RootKind};
use super::handle::Context;
use super::ids::new_id_base;
use super::record::Finished;
use crate::clock::{Anchor, Ticks, ticks};

/// An open fragment: a segment, or a subsegment that began when its segment was gone.
pub(crate) struct OpenRoot {
    context: Context,
    kind: RootKind,
    anchor: Anchor,
    name: Cow<'static, str>,
    pub(crate) flags: Flags,
    pub(crate) details: Option<Box<Details>>,
    is_closed: bool,
}

impl OpenRoot {
    pub(crate) fn begin(sink: &'static dyn FragmentSink, trace: TraceId, kind: RootKind, name: Cow<'static, str>) -> Self {
        let anchor = Anchor::now();
        let parent = match kind {
            RootKind::Segment { parent } => parent,
            RootKind::Detached { parent } => Some(parent),
        };
        let (cell, generation) = SegmentCell::open(sink, anchor);
        let context = Context::recording(cell, generation, new_id_base(trace, parent, anchor.wall().as_micros()), trace);
        Self { context, kind, anchor, name, flags: Flags::default(), details: None, is_closed: false }
    }

    pub(crate) const fn context(&self) -> Context {
        self.context
    }

    pub(crate) fn details(&mut self) -> &mut Details {
        self.details.get_or_insert_default()
    }

    pub(crate) fn rename(&mut self, name: Cow<'static, str>) {
        self.name = name;
    }

    /// Passes these pairs on with every header of this segment.
    pub(crate) fn pass_on(&self, extras: Box<str>) {
        if let Some(cell) = self.context.cell {
            cell.set_extras(extras);
        }
    }

    /// Sends a document that says the segment is open; the final one replaces it.
    pub(crate) fn announce(&self) {
        let Some(sink) = self.context.cell.map(SegmentCell::sink) else { return };
        let (clock, _) = self.anchor.until_now();
        let details = self.details.clone();
        let root = Root { kind: self.kind, name: self.name.clone(), start: self.anchor.ticks(), end: None, flags: self.flags, details };
        sink.accept(self.fragment(clock, Some(root), Vec::new(), Vec::new()));
    }

    pub(crate) fn close(&mut self) {
        if std::mem::replace(&mut self.is_closed, true) {
            return;
        }
        let Some(cell) = self.context.cell else { return };
        let Some(batch) = cell.close(self.context.generation()) else { return };
        let (clock, end) = self.anchor.until_now();
        let name = std::mem::take(&mut self.name);
        let root =
            Root { kind: self.kind, name, start: self.anchor.ticks(), end: Some(end), flags: self.flags, details: self.details.take() };
        cell.sink().accept(self.fragment(clock, Some(root), batch.records, batch.notes));
    }

    fn fragment(
        &self,
        clock: crate::clock::ClockSpan,
        root: Option<Root>,
        records: Vec<Finished>,
        notes: Vec<(u32, super::note::Note)>,
    ) -> Fragment {
        Fragment {
            trace: self.context.trace_id().unwrap_or(TraceId::from_u128(0)),
            id_base: self.context.id_base,
            clock,
            root: root.map(Box::new),
            records,
            notes,
        }
    }
}

impl Drop for OpenRoot {
    fn drop(&mut self) {
        self.close();
    }
}

/// An open subsegment, or the no-op.
pub(crate) enum OpenSubsegment {
    /// Not recorded; keeps the context for headers.
    Noop(Context),
    /// In its segment's cell.
    Child(OpenChild),
    /// Begun when the segment was gone.
    Detached(Box<OpenDetached>),
}

/// A root of its own, and the context it was begun from.
pub(crate) struct OpenDetached {
    root: OpenRoot,
    from: Context,
}

pub(crate) struct OpenChild {
    context: Context,
    parent: u32,
    start: Ticks,
    name: Cow<'static, str>,
    flags: Flags,
    details: Option<Box<Details>>,
}

impl OpenSubsegment {
    /// Begins a child of `parent`. Without a cell there is nothing to do, not even to drop `name`, when it is `'static`.
    #[inline]
    pub(crate) fn begin(parent: Context, name: Cow<'static, str>) -> Self {
        match parent.cell {
            None => Self::Noop(parent),
            Some(cell) => Self::begin_in(cell, parent, name),
        }
    }

    #[inline]
    fn begin_in(cell: &'static SegmentCell, parent: Context, name: Cow<'static, str>) -> Self {
        match cell.begin(parent.generation()) {
            Some(number) => {
                let context = parent.with_number(number);
                let (flags, details) = (Flags::default(), None);
                Self::Child(OpenChild { context, parent: parent.number(), start: ticks(), name, flags, details })
            }
            None => Self::begin_detached(cell, parent, name),
        }
    }

    #[cold]
    fn begin_detached(cell: &'static SegmentCell, parent: Context, name: Cow<'static, str>) -> Self {
        match (parent.trace_id(), parent.entity_id()) {
            (Some(trace), Some(id)) => {
                let root = OpenRoot::begin(cell.sink(), trace, RootKind::Detached { parent: id }, name);
                Self::Detached(Box::new(OpenDetached { root, from: parent }))
            }
            _ => Self::Noop(Context::NONE),
        }
    }

    #[inline]
    pub(crate) fn context(&self) -> Context {
        match self {
            Self::Noop(context) => *context,
            Self::Child(child) => child.context,
            Self::Detached(detached) => detached.root.context(),
        }
    }

    /// The context that this began from; `None` for the no-op, which changes no context.
    #[inline]
    pub(crate) fn parent_context(&self) -> Option<Context> {
        match self {
            Self::Child(child) => Some(child.context.with_number(child.parent)),
            Self::Detached(detached) => Some(detached.from),
            Self::Noop(_) => None,
        }
    }

    #[inline]
    pub(crate) const fn is_recording(&self) -> bool {
        !matches!(self, Self::Noop(_))
    }

    /// What can be changed until the end; `None` for the no-op.
    pub(crate) fn recorded(&mut self) -> Option<(&mut Flags, &mut Details)> {
        match self {
            Self::Noop(_) => None,
            Self::Child(child) => Some((&mut child.flags, child.details.get_or_insert_default())),
            Self::Detached(detached) => Some((&mut detached.root.flags, detached.root.details.get_or_insert_default())),
        }
    }

    pub(crate) fn rename(&mut self, name: Cow<'static, str>) {
        match self {
            Self::Noop(_) => {}
            Self::Child(child) => child.name = name,
            Self::Detached(detached) => detached.root.rename(name),
        }
    }
}

impl Drop for OpenChild {
    #[inline]
    fn drop(&mut self) {
        let Some(cell) = self.context.cell else { return };
        let record = Finished {
            name: std::mem::take(&mut self.name),
            start: self.start,
            end: ticks(),
            number: self.context.number(),
            parent: self.parent,
            flags: self.flags,
            details: self.details.take(),
        };
        match cell.end(self.context.generation(), record) {
            End::Kept => {}
            End::Stream(batch) | End::Late(batch) => send_ahead(cell, self.context, batch),
        }
    }
}

#[cold]
fn send_ahead(cell: &SegmentCell, context: Context, batch: Batch) {
    let (clock, _) = batch.anchor.until_now();
    let Some(trace) = context.trace_id() else { return };
    cell.sink().accept(Fragment { trace, id_base: context.id_base, clock, root: None, records: batch.records, notes: batch.notes });
}
