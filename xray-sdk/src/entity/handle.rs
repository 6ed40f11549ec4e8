//! [`Context`]: names an entity in five plain words.

use telemetry_wire::{SamplingState, SegmentId, TraceHeader, TraceId};

use super::cell::{Noted, SegmentCell, is_tentative};
use super::extras;
use super::fragment::Identity;
use super::ids::id_of;
use super::note::Note;

/// Where work belongs: the current segment or subsegment, or the knowledge that there is none or that it is not sampled.
///
/// `Copy`, `Send` and free to keep: it pins nothing. What is begun from a context whose segment has ended becomes a document
/// of its own under the right parent.
#[derive(Clone, Copy)]
pub struct Context {
    pub(super) cell: Option<&'static SegmentCell>,
    /// With a cell: base of the ids. Without: the caller's id, for the header.
    pub(super) id_base: u64,
    /// With a cell: generation and number. Without: where the extras are, and [`NOTHING`], [`NOT_SAMPLED`],
    /// [`UNDECIDED`] or [`PASSED_ON`].
    pub(super) generation_and_number: u64,
    pub(super) trace: [u64; 2],
}

/// A panic leaves no entity half changed: locks of cells are taken over when poisoned.
impl std::panic::UnwindSafe for Context {}
impl std::panic::RefUnwindSafe for Context {}

const NOTHING: u32 = 0;
const NOT_SAMPLED: u32 = 1;
const UNDECIDED: u32 = 2;
/// Sampled by the caller, who names no parent for what would be recorded here.
const PASSED_ON: u32 = 3;

impl Context {
    /// No trace at all.
    pub(crate) const NONE: Self = Self { cell: None, id_base: 0, generation_and_number: NOTHING as u64, trace: [0; 2] };

    /// A trace that is known and not recorded.
    pub(crate) const fn not_sampled(trace: TraceId, parent: Option<SegmentId>) -> Self {
        let id_base = match parent {
            Some(parent) => parent.as_u64(),
            None => 0,
        };
        Self { cell: None, id_base, generation_and_number: NOT_SAMPLED as u64, trace: words(trace) }
    }

    /// A trace that is passed on as it came and not recorded: undecided, or sampled without a parent to record below.
    #[cfg(feature = "lambda")]
    pub(crate) const fn passed_on(trace: TraceId, parent: Option<SegmentId>, is_sampled: bool) -> Self {
        let number = if is_sampled { PASSED_ON } else { UNDECIDED };
        Self { generation_and_number: number as u64, ..Self::not_sampled(trace, parent) }
    }

    /// The same, passing `extras` on with every header until [`Self::forget_extras`].
    pub(crate) fn with_extras(mut self, extras: Box<str>) -> Self {
        self.generation_and_number |= u64::from(extras::keep(extras)) << 32;
        self
    }

    /// The request that is not sampled has ended.
    pub(crate) fn forget_extras(&self) {
        if self.cell.is_none() {
            extras::forget(self.generation());
        }
    }

    #[inline]
    pub(super) const fn recording(cell: &'static SegmentCell, generation: u32, identity: Identity) -> Self {
        let trace = words(identity.trace);
        Self { cell: Some(cell), id_base: identity.id_base, generation_and_number: (generation as u64) << 32, trace }
    }

    /// Whether there is a trace, sampled or not.
    #[inline]
    #[must_use]
    pub const fn is_present(&self) -> bool {
        self.cell.is_some() || self.number() != NOTHING
    }

    /// Whether what happens here is recorded.
    #[inline]
    #[must_use]
    pub const fn is_recording(&self) -> bool {
        self.cell.is_some()
    }

    /// Whether what is recorded here is sent only if the segment ends badly. Others are told that it is not sampled.
    #[inline]
    pub(super) const fn is_tentative(&self) -> bool {
        self.cell.is_some() && is_tentative(self.generation())
    }

    /// Whether the trace is sampled.
    #[cfg(feature = "tower")]
    pub(crate) const fn is_sampled(&self) -> bool {
        self.cell.is_some() && !self.is_tentative()
    }

    /// The trace, sampled or not.
    #[must_use]
    pub fn trace_id(&self) -> Option<TraceId> {
        self.is_present().then(|| TraceId::from_u128(u128::from(self.trace[0]) << 64 | u128::from(self.trace[1])))
    }

    /// The id of the current segment or subsegment, if it is recorded.
    #[must_use]
    pub fn entity_id(&self) -> Option<SegmentId> {
        self.cell.map(|_| id_of(self.id_base, self.number()))
    }

    /// The header for a call made from here: our entity as parent when sampled, the caller's `Sampled=0` passed on when not, the trace alone
    /// when nobody has decided.
    #[must_use]
    pub fn trace_header(&self) -> Option<TraceHeader<'static>> {
        let trace = self.trace_id()?;
        Some(match self.entity_id() {
            Some(id) if self.is_tentative() => TraceHeader::new(trace, Some(id), SamplingState::NotSampled),
            Some(id) => TraceHeader::new(trace, Some(id), SamplingState::Sampled),
            None => {
                let parent = (self.id_base != 0).then(|| SegmentId::from_u64(self.id_base));
                let sampling = match self.number() {
                    UNDECIDED => SamplingState::Unknown,
                    PASSED_ON => SamplingState::Sampled,
                    _ => SamplingState::NotSampled,
                };
                TraceHeader::new(trace, parent, sampling)
            }
        })
    }

    /// [`Self::trace_header`] as text, with what the caller's header had beside the trace (`Lineage`, unknown keys) until the segment ends.
    #[must_use]
    pub fn trace_header_text(&self) -> Option<String> {
        let header = self.trace_header()?;
        /// `Root=1-..;Parent=..;Sampled=1`: with nothing to spare it becomes a header's value without a copy.
        const LENGTH: usize = 74;
        let mut text = String::with_capacity(LENGTH);
        match self.cell {
            Some(cell) => cell.with_extras(self.generation(), |extras| header.with_extras_of(extras).text().write(&mut text)),
            None => extras::with(self.generation(), |extras| header.with_extras_of(extras).text().write(&mut text)),
        }
        Some(text)
    }

    pub(super) const fn generation(&self) -> u32 {
        (self.generation_and_number >> 32) as u32
    }

    #[inline]
    pub(crate) const fn number(&self) -> u32 {
        self.generation_and_number as u32
    }

    /// The entity with this number of the same segment.
    #[inline]
    pub(crate) const fn with_number(mut self, number: u32) -> Self {
        self.generation_and_number = self.generation_and_number & !(u32::MAX as u64) | number as u64;
        self
    }

    /// Says something about this entity. Lost if its segment has ended, as it would be for the owner.
    pub(crate) fn note(&self, note: Note) -> Noted {
        self.cell.map_or(Noted::TooLate, |cell| cell.note(self.generation(), self.number(), note))
    }

    /// The segment this entity belongs to.
    #[must_use]
    pub(crate) const fn segment(self) -> Self {
        if self.cell.is_some() { self.with_number(0) } else { self }
    }
}

const fn words(trace: TraceId) -> [u64; 2] {
    let bits = trace.as_u128();
    [(bits >> 64) as u64, bits as u64]
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("trace_id", &self.trace_id()).field("entity_id", &self.entity_id()).finish()
    }
}
