//! [`SegmentCell`]: the shared state of one open segment; and the [`FragmentSink`] it belongs to.
//!
//! * Begin is one compare-exchange: it fails if the generation is not the caller's, else the count *is* the number and pin.
//! * End is a push under a lock; notes, which few entities have, are sorted out under it too.
//! * A cell is recycled by whoever ends last, by a compare-exchange from exactly (generation, begun = ended), so a begin that
//!   comes in between makes it fail and recycles later.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use telemetry_wire::{SegmentId, Timestamp, TraceId};

use super::fragment::{Fragment, Identity};
use super::note::Note;
use super::pool::Pool;
use super::record::Finished;
use crate::clock::Anchor;
use crate::fork::{Guards, Locked};

/// Begins beyond this are refused (and recorded as detached): the count must never carry into the generation.
const MAX_BEGUN: u32 = 1 << 24;

/// Estimated bytes of the notes of one segment, many times what its document holds.
const MOST_NOTE_BYTES: usize = 1 << 20;

/// The outcome of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noted {
    Kept,
    /// The segment has ended.
    TooLate,
    /// The segment has more notes than any document holds.
    TooMany,
}

/// When ended subsegments leave before their segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamLimits {
    pub(crate) records: usize,
    pub(crate) bytes: usize,
}

/// Takes fragments. Must not block and must not panic; called without locks held.
pub(crate) trait FragmentSink: Sync {
    fn accept(&self, fragment: Fragment);
    fn stream_limits(&self) -> StreamLimits;
    /// What is idle of this sink.
    fn pool(&self) -> &CellPool;
    /// The base of the ids of a new segment.
    fn id_base(&self, trace: TraceId, parent: Option<SegmentId>, now: Timestamp) -> u64;
}

/// The idle cells of one sink. A cell belongs to its sink for ever, so that what outlived its segment still knows where to go.
pub(crate) type CellPool = Pool<SegmentCell>;

#[repr(align(128))]
pub(crate) struct SegmentCell {
    /// Generation in the upper half, entities begun (the segment included) in the lower. The lowest bit of a generation says that
    /// the segment is tentative: it travels in every context, and costs nobody anything.
    generation_and_begun: AtomicU64,
    /// An [`Identity`] in atomics. Written while the cell is idle, so whatever pins a generation may read it.
    id_base: AtomicU64,
    trace: [AtomicU64; 2],
    sink: &'static dyn FragmentSink,
    state: Mutex<State>,
}

struct State {
    ended: u32,
    closed: bool,
    bytes: usize,
    limits: StreamLimits,
    anchor: Option<Anchor>,
    finished: Vec<Finished>,
    notes: Vec<(u32, Note)>,
    /// Estimated bytes of `notes`.
    note_bytes: usize,
    /// What the caller's header said beside the trace: `Lineage` and unknown keys, to be passed on.
    extras: Option<Box<str>>,
}

impl SegmentCell {
    fn new(sink: &'static dyn FragmentSink) -> Self {
        let state = State::idle();
        let zero = || AtomicU64::new(0);
        Self { generation_and_begun: zero(), id_base: zero(), trace: [zero(), zero()], sink, state: Mutex::new(state) }
    }

    /// Takes a cell for a new segment, which is entity number 0. Returns its generation too.
    pub(super) fn open(sink: &'static dyn FragmentSink, identity: Identity, anchor: Anchor, is_tentative: bool) -> (&'static Self, u32) {
        let (cell, finished) = sink.pool().take();
        let cell = cell.unwrap_or_else(|| sink.pool().add(Self::new(sink)));
        let generation = (cell.generation_and_begun.load(Ordering::Acquire) >> 32) as u32 | u32::from(is_tentative);
        {
            let mut state = cell.lock();
            *state = State { closed: false, limits: sink.stream_limits(), anchor: Some(anchor), finished, ..State::idle() };
        }
        let trace = identity.trace.as_u128();
        cell.trace[0].store((trace >> 64) as u64, Ordering::Relaxed);
        cell.trace[1].store(trace as u64, Ordering::Relaxed);
        cell.id_base.store(identity.id_base, Ordering::Relaxed);
        cell.generation_and_begun.store(u64::from(generation) << 32 | 1, Ordering::Release);
        (cell, generation)
    }

    /// For holders of an open entity only: it keeps the generation from changing.
    pub(super) fn identity(&self) -> Identity {
        let [high, low] = [&self.trace[0], &self.trace[1]].map(|word| u128::from(word.load(Ordering::Relaxed)));
        Identity { trace: TraceId::from_u128(high << 64 | low), id_base: self.id_base.load(Ordering::Relaxed) }
    }

    /// Counts one more entity and gives its number; `None` when the segment of that generation is gone.
    #[inline]
    pub(super) fn begin(&self, generation: u32) -> Option<u32> {
        let mut word = self.generation_and_begun.load(Ordering::Relaxed);
        loop {
            let begun = word as u32;
            if (word >> 32) as u32 != generation || begun == 0 || begun >= MAX_BEGUN {
                return None;
            }
            match self.generation_and_begun.compare_exchange_weak(word, word + 1, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return Some(begun),
                Err(current) => word = current,
            }
        }
    }

    /// Takes the record of an entity begun here. Gives back what is to be sent without its segment: ahead of it, or late. Of a tentative
    /// segment nothing is: it keeps what it has room for, and what is late is gone.
    #[inline]
    pub(super) fn end(&'static self, generation: u32, record: Finished) -> Option<Fragment> {
        let mut state = self.lock();
        state.ended += 1;
        let anchor = state.anchor?;
        if state.closed {
            let ended = state.ended;
            let notes = state.take_notes_of(record.number);
            // Still under the lock: as soon as it is free, who ends last may give the cell to another segment.
            let identity = self.identity();
            drop(state);
            self.recycle(generation, ended);
            let late = Fragment { identity, anchor, root: None, records: vec![record], notes };
            return (!is_tentative(generation)).then_some(late);
        }
        if is_tentative(generation) && state.is_full() {
            return None;
        }
        state.bytes += record.estimated_bytes();
        state.finished.push(record);
        if is_tentative(generation) || !state.is_full() {
            return None;
        }
        Some(self.take_finished(&mut state, anchor))
    }

    /// Ends an entity begun here without a record of it.
    #[cfg(feature = "sqlx")]
    pub(super) fn forget(&'static self, generation: u32) {
        let mut state = self.lock();
        state.ended += 1;
        let (closed, ended) = (state.closed, state.ended);
        drop(state);
        if closed {
            self.recycle(generation, ended);
        }
    }

    /// Takes what has ended so far, ahead of the segment; `None` when the segment of that generation has ended.
    #[cfg(feature = "lambda")]
    pub(super) fn take_ended(&'static self, generation: u32) -> Option<Fragment> {
        let mut state = self.lock();
        let anchor = state.anchor.filter(|_| self.is_current(generation) && !state.closed && !is_tentative(generation))?;
        Some(self.take_finished(&mut state, anchor))
    }

    /// Takes the records of what has ended, with their notes.
    fn take_finished(&self, state: &mut State, anchor: Anchor) -> Fragment {
        state.bytes = 0;
        let records = std::mem::replace(&mut state.finished, self.sink.pool().take_records());
        let notes = state.take_notes_of_ended(&records);
        Fragment { identity: self.identity(), anchor, root: None, records, notes }
    }

    /// Returns whether the cell still belongs to the segment of that generation.
    fn is_current(&self, generation: u32) -> bool {
        (self.generation_and_begun.load(Ordering::Acquire) >> 32) as u32 == generation
    }

    /// Ends the segment itself and takes everything that has ended; the caller adds the root.
    pub(super) fn close(&'static self, generation: u32) -> Option<Fragment> {
        let mut state = self.lock();
        state.ended += 1;
        state.closed = true;
        let anchor = state.anchor?;
        let records = std::mem::take(&mut state.finished);
        let notes = state.take_notes_of_ended(&records);
        let ended = state.ended;
        let identity = self.identity();
        drop(state);
        self.recycle(generation, ended);
        Some(Fragment { identity, anchor, root: None, records, notes })
    }

    /// When the segment that is open here began.
    pub(super) fn anchor(&self) -> Option<Anchor> {
        self.lock().anchor
    }

    /// Keeps a note for an open entity.
    pub(super) fn note(&self, generation: u32, number: u32, note: Note) -> Noted {
        let mut state = self.lock();
        let known = self.is_current(generation) && !(state.closed && number == 0);
        if !known {
            return Noted::TooLate;
        }
        let bytes = note.estimated_bytes();
        if state.note_bytes + bytes > MOST_NOTE_BYTES {
            return Noted::TooMany;
        }
        // The segment's own leave with it, not with what streams ahead.
        if number != 0 {
            state.bytes += bytes;
        }
        state.note_bytes += bytes;
        state.notes.push((number, note));
        Noted::Kept
    }

    /// Keeps what is to be passed on with every header of this segment.
    pub(super) fn set_extras(&self, extras: Box<str>) {
        self.lock().extras = Some(extras);
    }

    /// Looks at what is to be passed on, if the segment of that generation is still here.
    pub(super) fn with_extras<R>(&self, generation: u32, look: impl FnOnce(&str) -> R) -> R {
        let state = self.lock();
        let is_current = self.is_current(generation);
        look(state.extras.as_deref().filter(|_| is_current).unwrap_or_default())
    }

    /// Where everything of this cell goes.
    pub(super) const fn sink(&self) -> &'static dyn FragmentSink {
        self.sink
    }

    fn recycle(&'static self, generation: u32, ended: u32) {
        let idle = u64::from(generation) << 32 | u64::from(ended);
        let next = u64::from((generation & !TENTATIVE).wrapping_add(2)) << 32;
        if self.generation_and_begun.compare_exchange(idle, next, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            self.sink.pool().give_back_cell(self);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Locked for SegmentCell {
    fn lock_all(&'static self, guards: &mut Guards) {
        self.state.lock_all(guards);
    }
}

/// The bit of a generation whose segment is recorded, but sent only if it ends badly.
const TENTATIVE: u32 = 1;

pub(super) const fn is_tentative(generation: u32) -> bool {
    generation & TENTATIVE != 0
}

impl State {
    const fn is_full(&self) -> bool {
        self.finished.len() >= self.limits.records || self.bytes >= self.limits.bytes
    }

    const fn idle() -> Self {
        Self {
            ended: 0,
            closed: true,
            bytes: 0,
            limits: StreamLimits { records: 0, bytes: 0 },
            anchor: None,
            finished: Vec::new(),
            notes: Vec::new(),
            note_bytes: 0,
            extras: None,
        }
    }

    fn take_notes_of(&mut self, number: u32) -> Vec<(u32, Note)> {
        if self.notes.is_empty() {
            return Vec::new();
        }
        self.take_notes(|of| of == number)
    }

    /// Notes of entities that are leaving; those of open ones stay. Number 0 leaves when the segment is closed.
    fn take_notes_of_ended(&mut self, records: &[Finished]) -> Vec<(u32, Note)> {
        if self.notes.is_empty() {
            return Vec::new();
        }
        let mut numbers: Vec<u32> = records.iter().map(|record| record.number).collect();
        if self.closed {
            numbers.push(0);
        }
        numbers.sort_unstable();
        self.take_notes(|of| numbers.binary_search(&of).is_ok())
    }

    fn take_notes(&mut self, is_taken: impl Fn(u32) -> bool) -> Vec<(u32, Note)> {
        let taken: Vec<(u32, Note)> = self.notes.extract_if(.., |(of, _)| is_taken(*of)).collect();
        self.note_bytes -= taken.iter().map(|(_, note)| note.estimated_bytes()).sum::<usize>();
        taken
    }
}
