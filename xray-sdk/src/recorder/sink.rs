//! [`Recorder`]: takes fragments from `entity` and brings them to the emitter.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use telemetry_wire::{AnnotationFixes, SegmentId, SegmentInfo, Timestamp, TraceId};

use super::hooks::Hooks;
use super::strategy::ContextMissing;
use crate::clock::monotonic_now;
use crate::emitter::{CounterCells, Counters, Emitter, FragmentEncoder, FragmentQueue, SizeLimits, Worker};
use crate::entity::{CellPool, Fragment, FragmentSink, Noted, StreamLimits, new_id_base};
use crate::sampling::Sampler;

/// Everything that `install` made out of a builder. Leaked: segments refer to it until the process ends.
pub(crate) struct Recorder {
    pub(crate) is_enabled: bool,
    /// Lambda makes the segments there.
    pub(crate) is_lambda: bool,
    pub(crate) name: Cow<'static, str>,
    /// `AWS_XRAY_TRACING_NAME`, which beats every other name.
    pub(crate) fixed_name: Option<Cow<'static, str>>,
    pub(crate) context_missing: ContextMissing,
    pub(crate) announces_open_segments: bool,
    pub(crate) sampler: Box<dyn Sampler>,
    /// What is the same for all requests of this process.
    pub(crate) sampling_attributes: &'static [(&'static str, &'static str)],
    pub(crate) hooks: Hooks,
    pub(crate) counters: CounterCells,
    pub(super) stream: StreamLimits,
    pub(super) pool: CellPool,
    pub(super) output: Arc<Output>,
    pub(super) queue: Option<Queue>,
    /// For a flush, and for the one at the end.
    pub(super) flush_timeout: Duration,
    /// Forks before the SDK was installed.
    pub(super) forks: u32,
}

/// The way through the worker; without it `close` encodes and sends by itself.
pub(super) struct Queue {
    pub(super) fragments: Arc<FragmentQueue>,
    pub(super) worker: Arc<Worker>,
}

/// The last part: from fragments to the emitter.
pub(super) struct Output {
    pub(super) info: ArcSwap<SegmentInfo>,
    pub(super) limits: SizeLimits,
    pub(super) emitter: Box<dyn Emitter>,
    pub(super) encoder: Mutex<FragmentEncoder>,
    pub(super) warned: Warned,
}

/// Kinds of loss that were logged.
#[derive(Debug, Default)]
pub(super) struct Warned {
    io_error: AtomicBool,
    queue_full: AtomicBool,
    too_large: AtomicBool,
    not_a_number: AtomicBool,
    too_many_notes: AtomicBool,
}

/// Datagrams that are sent back to back. UDP has no back-pressure, and a receiver with the usual buffer holds a hundred small ones.
const BURST: u32 = 64;
/// What is waited between two bursts, unless the queue fills: to lose some here for certain is worse than to lose some there perhaps.
const PAUSE: Duration = Duration::from_micros(500);

/// Default timeout of a flush.
pub(crate) const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

thread_local! {
    /// The encoder of threads that send inline.
    static INLINE: RefCell<FragmentEncoder> = RefCell::new(FragmentEncoder::default());
}

impl FragmentSink for Recorder {
    fn accept(&self, fragment: Fragment) {
        let Some(queue) = self.queue.as_ref().filter(|_| !self.is_forked()) else { return self.send_inline(fragment) };
        match queue.fragments.push(fragment) {
            None if queue.worker.is_stopped() => self.drain_after_stop(queue),
            None => queue.worker.pushed(queue.fragments.len()),
            Some(fragment) => self.push_to_full_queue(queue, fragment),
        }
    }

    fn stream_limits(&self) -> StreamLimits {
        self.stream
    }

    fn pool(&self) -> &CellPool {
        &self.pool
    }

    fn id_base(&self, trace: TraceId, parent: Option<SegmentId>, now: Timestamp) -> u64 {
        self.hooks.ids.as_ref().map_or_else(|| new_id_base(trace, parent, now.as_micros()), |ids| ids.id_base())
    }
}

impl Recorder {
    /// Waits for room if the emitter may block; what it refuses in the meantime is counted by the worker. Drops the fragment otherwise, and on
    /// the worker's own thread, which would wait for itself.
    #[cold]
    fn push_to_full_queue(&self, queue: &Queue, mut fragment: Fragment) {
        while self.output.emitter.may_block() && !queue.worker.is_stopped() && !queue.worker.is_this_thread() {
            queue.worker.pushed(queue.fragments.len());
            std::thread::park_timeout(PAUSE);
            match queue.fragments.push(fragment) {
                None => return,
                Some(refused) => fragment = refused,
            }
        }
        if queue.worker.is_stopped() && !queue.worker.is_this_thread() {
            return self.send_inline(fragment);
        }
        CounterCells::add(&self.counters.dropped_queue_full, 1);
        CounterCells::add(&self.counters.dropped_queue_full_subsegments, fragment.records.len() as u64);
        self.output.warn_once(
            &self.output.warned.queue_full,
            "the queue of ended segments is full and they are dropped; sample less, or use an emitter that may block",
        );
        self.pool.give_back_records(fragment.records);
    }

    /// Returns whether this is a child of the process that installed the SDK. A child has no worker, and its copies of locks may stay locked.
    #[inline]
    fn is_forked(&self) -> bool {
        crate::fork::count() != self.forks
    }

    /// Encodes and sends what waits in the queue, on the calling thread, until `deadline`.
    pub(crate) fn drain(&self, deadline: Instant) {
        // What a child finds in the queue belongs to its parent, which sends it.
        let Some(queue) = self.queue.as_ref().filter(|_| !self.is_forked()) else { return };
        while queue.fragments.len() > 0 {
            match self.output.encoder.try_lock() {
                Ok(mut encoder) => return self.drain_with(queue, &mut encoder, Some(deadline)),
                Err(TryLockError::Poisoned(poisoned)) => return self.drain_with(queue, &mut poisoned.into_inner(), Some(deadline)),
                // The worker drains, and may wait for its receiver.
                Err(TryLockError::WouldBlock) if monotonic_now() >= deadline => return,
                Err(TryLockError::WouldBlock) => std::thread::park_timeout(PAUSE),
            }
        }
    }

    /// Drains on the worker's thread, without a deadline.
    pub(super) fn drain_all(&self) {
        let Some(queue) = &self.queue else { return };
        self.drain_with(queue, &mut self.output.encoder.lock().unwrap_or_else(PoisonError::into_inner), None);
    }

    /// The same for threads that close a segment after the end of the worker; that may be an emitter at work, below this very lock.
    fn drain_after_stop(&self, queue: &Queue) {
        match self.output.encoder.try_lock() {
            Ok(mut encoder) => self.drain_with(queue, &mut encoder, None),
            Err(_) => self.drain_with(queue, &mut FragmentEncoder::default(), None),
        }
    }

    fn drain_with(&self, queue: &Queue, encoder: &mut FragmentEncoder, deadline: Option<Instant>) {
        let mut burst = 0;
        while let Some(fragment) = queue.fragments.take() {
            self.send(encoder, fragment, &mut burst);
            if deadline.is_some_and(|deadline| monotonic_now() >= deadline) {
                return;
            }
        }
    }

    /// Sends what is ended and waits for the emitter, both within `at_most`. Returns how many documents are left.
    pub(crate) fn flush(&self, at_most: Duration) -> usize {
        let deadline = monotonic_now() + at_most;
        self.output.emitter.wait_until(deadline);
        self.drain(deadline);
        self.output.emitter.flush(deadline.saturating_duration_since(monotonic_now()));
        self.left()
    }

    /// Documents that are not sent: in the queue, and kept by the emitter.
    pub(crate) fn left(&self) -> usize {
        let queued = self.queue.as_ref().filter(|_| !self.is_forked()).map_or(0, |queue| queue.fragments.len());
        queued + self.output.emitter.left()
    }

    /// Ends the worker after a flush. What is closed later is sent by the thread that closes it.
    pub(crate) fn stop(&self) {
        let left = self.flush(self.flush_timeout);
        if let Some(queue) = self.queue.as_ref().filter(|_| !self.is_forked()) {
            queue.worker.stop();
            self.drain(monotonic_now());
        }
        if left > 0 {
            log::error!("X-Ray: {left} documents are lost: they could not be sent within {:?} at the end", self.flush_timeout);
        }
    }

    /// Returns the counters, `sent` as the emitter knows it.
    pub(crate) fn snapshot(&self) -> Counters {
        let mut counters = self.counters.snapshot();
        counters.sent = self.output.emitter.taken().unwrap_or(counters.sent);
        counters
    }

    /// An emitter may itself close a segment; such a one is sent with buffers of its own.
    fn send_inline(&self, fragment: Fragment) {
        let mut fragment = Some(fragment);
        let send = |inline: &RefCell<FragmentEncoder>| {
            if let Ok(mut encoder) = inline.try_borrow_mut()
                && let Some(fragment) = fragment.take()
            {
                self.send(&mut encoder, fragment, &mut 0);
            }
        };
        INLINE.try_with(send).ok();
        if let Some(fragment) = fragment {
            self.send(&mut FragmentEncoder::default(), fragment, &mut 0);
        }
    }

    fn send(&self, encoder: &mut FragmentEncoder, mut fragment: Fragment, burst: &mut u32) {
        let output = &*self.output;
        if fragment.root.is_none() {
            CounterCells::add(&self.counters.streamed, fragment.records.len() as u64);
        }
        let report = encoder.encode(&mut fragment, &output.info.load(), output.limits, |datagram, entities| {
            self.emit(datagram, entities);
            *burst += 1;
            if burst.is_multiple_of(BURST) && self.queue.as_ref().is_some_and(|queue| !queue.fragments.is_filling()) {
                std::thread::park_timeout(PAUSE);
            }
        });
        self.pool.give_back_records(fragment.records);
        CounterCells::add(&self.counters.fixed_names, report.fixed_names.into());
        self.add_fixes(report.fixed_keys, report.annotations_left_out);
        CounterCells::add(&self.counters.split, report.split.into());
        CounterCells::add(&self.counters.cut, report.cut.into());
        CounterCells::add(&self.counters.dropped_too_large, report.too_large.into());
        if report.too_large > 0 {
            output.warn_once(&output.warned.too_large, "an entity is too large to be sent and dropped; raise the datagram limit");
        }
    }

    /// Counts a note that was not kept.
    pub(crate) fn count_lost_note(&self, noted: Noted) {
        match noted {
            Noted::Kept => {}
            Noted::TooLate => CounterCells::add(&self.counters.notes_too_late, 1),
            Noted::TooMany => {
                CounterCells::add(&self.counters.notes_too_many, 1);
                let text = "a segment has more than 1 MB of annotations, metadata and errors, and further ones are dropped; add fewer, or to subsegments";
                self.output.warn_once(&self.output.warned.too_many_notes, text);
            }
        }
    }

    /// Counts the changes to an annotation.
    pub(crate) fn count_fixes(&self, fixes: AnnotationFixes) {
        self.add_fixes(fixes.key.into(), fixes.left_out.into());
    }

    fn add_fixes(&self, keys: u32, left_out: u32) {
        CounterCells::add(&self.counters.fixed_annotation_keys, keys.into());
        CounterCells::add(&self.counters.left_out_annotations, left_out.into());
        if left_out > 0 {
            self.output
                .warn_once(&self.output.warned.not_a_number, "an annotation is NaN or infinite and left out; JSON has no such number");
        }
    }

    /// An emitter of the user's that panics loses this datagram, not the worker.
    fn emit_caught(&self, datagram: &[u8]) -> io::Result<()> {
        let emit = AssertUnwindSafe(|| self.output.emitter.emit(datagram));
        catch_unwind(emit).unwrap_or_else(|_| Err(io::Error::other("the emitter panicked")))
    }

    fn emit(&self, datagram: &[u8], entities: u32) {
        match self.emit_caught(datagram) {
            Ok(()) => CounterCells::add(&self.counters.sent, 1),
            Err(error) => {
                CounterCells::add(&self.counters.dropped_io_error, 1);
                CounterCells::add(&self.counters.dropped_io_error_entities, entities.into());
                let text = format!("cannot send a document to the agent: {error}; is one listening? See AWS_XRAY_DAEMON_ADDRESS");
                self.output.warn_once(&self.output.warned.io_error, &text);
            }
        }
    }
}

impl Output {
    /// Logs the first loss of a kind; the counters have the rest.
    fn warn_once(&self, warned: &AtomicBool, text: &str) {
        if !warned.load(Ordering::Relaxed) && !warned.swap(true, Ordering::Relaxed) {
            self.say(&format!("{text}. Further cases are counted, not logged"));
        }
    }

    /// Logs a warning; without a logger it goes to standard error, so that a first try is not silent.
    pub(super) fn say(&self, text: &str) {
        if log::max_level() == log::LevelFilter::Off {
            eprintln!("X-Ray: {text}");
        } else {
            log::warn!("X-Ray: {text}");
        }
    }
}
