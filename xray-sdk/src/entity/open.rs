//! The owners: an open segment and an open subsegment. Dropping ends them.

use std::borrow::Cow;

use telemetry_wire::{Details, Flags, TraceId};

use super::cell::{FragmentSink, SegmentCell};
use super::fragment::{Fragment, Identity, Root, RootKind};
use super::handle::Context;
use super::record::Finished;
use crate::clock::{Anchor, Ticks, ticks};

/// An entity that is open, so its cell keeps the generation: nothing of the segment has to be copied into the owner.
#[derive(Clone, Copy)]
struct Pin {
    cell: &'static SegmentCell,
    generation: u32,
    number: u32,
}

impl Pin {
    #[inline]
    fn context(self) -> Context {
        Context::recording(self.cell, self.generation, self.cell.identity()).with_number(self.number)
    }

    #[inline]
    fn is_current(self, current: Context) -> bool {
        self.is_of(current) && current.number() == self.number
    }

    /// Returns whether `current` is in the same segment.
    #[inline]
    fn is_of(self, current: Context) -> bool {
        current.cell.is_some_and(|cell| std::ptr::eq(cell, self.cell)) && current.generation() == self.generation
    }
}

/// An open fragment: a segment, or a subsegment that began when its segment was gone.
pub(crate) struct OpenRoot {
    pin: Pin,
    kind: RootKind,
    name: Cow<'static, str>,
    pub(crate) flags: Flags,
    pub(crate) details: Option<Box<Details>>,
    is_closed: bool,
}

impl OpenRoot {
    pub(crate) fn begin(sink: &'static dyn FragmentSink, trace: TraceId, kind: RootKind, name: Cow<'static, str>, anchor: Anchor) -> Self {
        let identity = Identity::new(trace, sink.id_base(trace, kind.parent(), anchor.wall()));
        let (cell, generation) = SegmentCell::open(sink, identity, anchor, matches!(kind, RootKind::Tentative { .. }));
        let pin = Pin { cell, generation, number: 0 };
        Self { pin, kind, name, flags: Flags::default(), details: None, is_closed: false }
    }

    /// Sends what was tentative.
    pub(crate) const fn keep(&mut self) {
        if let RootKind::Tentative { parent } = self.kind {
            self.kind = RootKind::Segment { parent };
        }
    }

    pub(crate) fn context(&self) -> Context {
        self.pin.context()
    }

    pub(crate) fn details(&mut self) -> &mut Details {
        self.details.get_or_insert_default()
    }

    pub(crate) fn rename(&mut self, name: Cow<'static, str>) {
        self.name = name;
    }

    /// Passes these pairs on with every header of this segment.
    pub(crate) fn pass_on(&self, extras: Box<str>) {
        self.pin.cell.set_extras(extras);
    }

    /// Sends a document that says the segment is open; the final one replaces it.
    pub(crate) fn announce(&self) {
        let cell = self.pin.cell;
        let Some(anchor) = cell.anchor() else { return };
        let (name, details) = (self.name.clone(), self.details.clone());
        let root = Root { kind: self.kind, name, start: anchor.ticks(), end: None, flags: self.flags, details };
        cell.sink().accept(Fragment { identity: cell.identity(), anchor, root: Some(root), records: Vec::new(), notes: Vec::new() });
    }

    pub(crate) fn close(&mut self) {
        if std::mem::replace(&mut self.is_closed, true) {
            return;
        }
        let Some(mut fragment) = self.pin.cell.close(self.pin.generation) else { return };
        if let RootKind::Tentative { .. } = self.kind {
            return self.pin.cell.sink().pool().give_back_records(fragment.records);
        }
        let end = ticks();
        let (name, details) = (std::mem::take(&mut self.name), self.details.take());
        fragment.root = Some(Root { kind: self.kind, name, start: fragment.anchor.ticks(), end: Some(end), flags: self.flags, details });
        self.pin.cell.sink().accept(fragment);
    }
}

impl Drop for OpenRoot {
    fn drop(&mut self) {
        self.close();
    }
}

/// An open root that another thread can send as it is.
#[cfg(feature = "lambda")]
#[derive(Clone)]
pub(crate) struct Announcement {
    pin: Pin,
    kind: RootKind,
    name: Cow<'static, str>,
}

#[cfg(feature = "lambda")]
impl std::fmt::Debug for Announcement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Announcement").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(feature = "lambda")]
impl Announcement {
    /// Sends the root as in progress and what has ended inside, each as a document of its own, unless the root has ended.
    pub(crate) fn send(&self) {
        let Some(ended) = self.pin.cell.take_ended(self.pin.generation) else { return };
        let (name, start) = (self.name.clone(), ended.anchor.ticks());
        let root = Root { kind: self.kind, name, start, end: None, flags: Flags::default(), details: None };
        let sink = self.pin.cell.sink();
        let (identity, anchor) = (ended.identity, ended.anchor);
        sink.accept(Fragment { identity, anchor, root: Some(root), records: Vec::new(), notes: Vec::new() });
        sink.accept(ended);
    }
}

/// From the current entity to another.
pub(crate) enum Step {
    /// Of the same segment.
    To(u32),
    /// Of another.
    Away(Context),
}

/// A subsegment that ended while one inside of it was current.
#[derive(Clone, Copy)]
pub(crate) struct Left {
    pin: Pin,
    pub(crate) parent: u32,
}

impl Left {
    /// Returns whether this is the entity of that number in the segment of `current`.
    pub(crate) fn is(&self, current: Context, number: u32) -> bool {
        self.pin.number == number && self.pin.is_of(current)
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
    began_in_panic: bool,
}

/// One cache line.
pub(crate) struct OpenChild {
    name: Cow<'static, str>,
    pin: Pin,
    start: Ticks,
    details: Option<Box<Details>>,
    parent: u32,
    flags: Flags,
    /// Work of a destructor while another panic unwinds completes normally.
    began_in_panic: bool,
}

impl OpenSubsegment {
    /// Begins a child of `parent`. Without a cell there is nothing to do, not even to drop `name`, when it is `'static`.
    #[inline]
    pub(crate) fn begin(parent: Context, name: Cow<'static, str>) -> Self {
        Self::begin_and(parent, name, |_| ())
    }

    /// The same, and `enter` gets the way inside before the owner is made, which is then made where it stays.
    #[inline]
    pub(crate) fn begin_and(parent: Context, name: Cow<'static, str>, enter: impl FnOnce(Step)) -> Self {
        let Some(cell) = parent.cell else { return Self::Noop(parent) };
        let generation = parent.generation();
        match cell.begin(generation) {
            Some(number) => {
                enter(Step::To(number));
                let pin = Pin { cell, generation, number };
                let (flags, began_in_panic) = (Flags::default(), std::thread::panicking());
                Self::Child(OpenChild { name, pin, start: ticks(), details: None, parent: parent.number(), flags, began_in_panic })
            }
            None => Self::begin_detached(cell, parent, name, enter),
        }
    }

    #[cold]
    fn begin_detached(cell: &'static SegmentCell, parent: Context, name: Cow<'static, str>, enter: impl FnOnce(Step)) -> Self {
        match (parent.trace_id(), parent.entity_id()) {
            (Some(trace), Some(id)) if parent.is_tentative() => Self::Noop(Context::not_sampled(trace, Some(id))),
            (Some(trace), Some(id)) => {
                let root = OpenRoot::begin(cell.sink(), trace, RootKind::Detached { parent: id }, name, Anchor::now());
                enter(Step::Away(root.context()));
                Self::Detached(Box::new(OpenDetached { root, from: parent, began_in_panic: std::thread::panicking() }))
            }
            _ => Self::Noop(Context::NONE),
        }
    }

    /// Begins below an entity of another process.
    #[cfg(feature = "lambda")]
    pub(crate) fn begin_below(
        sink: &'static dyn FragmentSink,
        trace: TraceId,
        parent: telemetry_wire::SegmentId,
        name: Cow<'static, str>,
    ) -> Self {
        let root = OpenRoot::begin(sink, trace, RootKind::Detached { parent }, name, Anchor::now());
        Self::Detached(Box::new(OpenDetached { root, from: Context::NONE, began_in_panic: std::thread::panicking() }))
    }

    /// Returns what another thread needs to send this root as it is; `None` for others.
    #[cfg(feature = "lambda")]
    pub(crate) fn announcement(&self) -> Option<Announcement> {
        match self {
            Self::Detached(detached) => {
                Some(Announcement { pin: detached.root.pin, kind: detached.root.kind, name: detached.root.name.clone() })
            }
            Self::Noop(_) | Self::Child(_) => None,
        }
    }

    /// Passes these pairs on with every header from here.
    #[cfg(feature = "lambda")]
    pub(crate) fn pass_on(&self, extras: Box<str>) {
        if let Self::Detached(detached) = self {
            detached.root.pass_on(extras);
        }
    }

    #[inline]
    pub(crate) fn context(&self) -> Context {
        match self {
            Self::Noop(context) => *context,
            Self::Child(child) => child.pin.context(),
            Self::Detached(detached) => detached.root.context(),
        }
    }

    /// The way back to where this began, if `current` is inside.
    #[inline]
    pub(crate) fn step_back(&self, current: Context) -> Option<Step> {
        match self {
            Self::Noop(_) => None,
            Self::Child(child) => child.pin.is_current(current).then_some(Step::To(child.parent)),
            Self::Detached(detached) => detached.root.pin.is_current(current).then_some(Step::Away(detached.from)),
        }
    }

    /// Returns the way back past this one, for when it ends while another entity of its segment is current.
    pub(crate) fn left(&self, current: Context) -> Option<Left> {
        match self {
            Self::Child(child) if child.pin.is_of(current) => Some(Left { pin: child.pin, parent: child.parent }),
            Self::Noop(_) | Self::Child(_) | Self::Detached(_) => None,
        }
    }

    #[inline]
    pub(crate) const fn is_recording(&self) -> bool {
        matches!(self, Self::Child(_) | Self::Detached(_))
    }

    /// Returns whether a panic that began inside unwinds now.
    #[inline]
    pub(crate) fn is_unwound(&self) -> bool {
        match self {
            Self::Noop(_) => false,
            Self::Child(child) => std::thread::panicking() && !child.began_in_panic,
            Self::Detached(detached) => std::thread::panicking() && !detached.began_in_panic,
        }
    }

    /// What can be changed until the end; `None` for the no-op.
    pub(crate) fn recorded(&mut self) -> Option<(&mut Flags, &mut Details)> {
        match self {
            Self::Noop(_) => None,
            Self::Child(child) => Some((&mut child.flags, child.details.get_or_insert_default())),
            Self::Detached(detached) => Some((&mut detached.root.flags, detached.root.details.get_or_insert_default())),
        }
    }

    /// Ends without a record, as if this had never begun. Nothing must have begun inside.
    #[cfg(feature = "sqlx")]
    pub(crate) fn discard(self) {
        match self {
            Self::Noop(_) => {}
            Self::Child(mut child) => {
                drop((std::mem::take(&mut child.name), child.details.take()));
                child.pin.cell.forget(child.pin.generation);
                std::mem::forget(child);
            }
            Self::Detached(mut detached) => {
                detached.root.is_closed = true;
                detached.root.pin.cell.close(detached.root.pin.generation);
            }
        }
    }

    /// Ends, as if it had been at this time. What is detached ends now: it has no parent to be compared with.
    #[cfg(any(feature = "aws-sdk", feature = "tracing"))]
    pub(crate) fn end_at(self, end: Ticks) {
        if let Self::Child(mut child) = self {
            child.end_at(end);
            std::mem::forget(child);
        }
    }

    /// The time since this began; nothing for the no-op.
    #[cfg(feature = "sqlx")]
    pub(crate) fn elapsed(&self) -> std::time::Duration {
        match self {
            Self::Noop(_) => std::time::Duration::ZERO,
            Self::Child(child) => child.start.elapsed(),
            Self::Detached(detached) => {
                detached.root.pin.cell.anchor().map_or(std::time::Duration::ZERO, |anchor| anchor.ticks().elapsed())
            }
        }
    }

    /// Puts the begin back to `start`.
    #[cfg(feature = "aws-sdk")]
    pub(crate) const fn began_at(&mut self, start: Ticks) {
        if let Self::Child(child) = self {
            child.start = start;
        }
    }

    /// Puts the begin back by so much; for what is heard of only when it is over.
    #[cfg(feature = "tracing")]
    pub(crate) fn began_before(&mut self, ago: std::time::Duration) {
        if let Self::Child(child) = self {
            child.start = child.start.before(ago);
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

impl OpenChild {
    /// Not inlined, so that dropping a no-op is a comparison in the caller's code.
    #[inline(never)]
    fn end(&mut self) {
        self.end_at(ticks());
    }

    #[inline]
    fn end_at(&mut self, end: Ticks) {
        let Pin { cell, generation, number } = self.pin;
        let (name, details) = (std::mem::take(&mut self.name), self.details.take());
        let record = Finished { name, start: self.start, end, number, parent: self.parent, flags: self.flags, details };
        if let Some(fragment) = cell.end(generation, record) {
            cell.sink().accept(fragment);
        }
    }
}

impl Drop for OpenChild {
    #[inline]
    fn drop(&mut self) {
        self.end();
    }
}
