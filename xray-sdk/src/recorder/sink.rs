//! [`Recorder`]: takes fragments from `entity` and brings them to the emitter.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use telemetry_wire::{SegmentId, SegmentInfo, Timestamp, TraceId};

use super::hooks::Hooks;
use super::strategy::ContextMissing;
use crate::emitter::{CounterCells, Emitter, FragmentEncoder, FragmentQueue, SizeLimits, Worker};
use crate::entity::{CellPool, Fragment, FragmentSink, StreamLimits, new_id_base};
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
    pub(super) warned: AtomicBool,
}

/// Datagrams that are sent back to back. UDP has no back-pressure, and a receiver with the usual buffer holds a hundred small ones.
const BURST: u32 = 64;
/// What is waited between two bursts, unless the queue fills: to lose some here for certain is worse than to lose some there perhaps.
const PAUSE: Duration = Duration::from_micros(500);

/// For emitters that keep something, when the SDK is flushed or stopped.
pub(super) const FLUSH_WITHIN: Duration = Duration::from_secs(5);

thread_local! {
    /// The encoder of threads that send inline.
    static INLINE: RefCell<FragmentEncoder> = RefCell::new(FragmentEncoder::default());
}

impl FragmentSink for Recorder {
    fn accept(&self, fragment: Fragment) {
        if fragment.root.is_none() {
            CounterCells::add(&self.counters.streamed, fragment.records.len() as u64);
        }
        let Some(queue) = &self.queue else { return self.send_inline(fragment) };
        if !queue.fragments.push(fragment) {
            CounterCells::add(&self.counters.dropped_queue_full, 1);
        } else if queue.worker.is_stopped() {
            self.drain_after_stop(queue);
        } else {
            queue.worker.pushed(queue.fragments.len());
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
    /// Encodes and sends what waits in the queue, on the calling thread.
    pub(crate) fn drain(&self) {
        let Some(queue) = &self.queue else { return };
        self.drain_with(queue, &mut self.output.encoder.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The same for who closes a segment after the end of the worker; that may be an emitter at work, below this very lock.
    fn drain_after_stop(&self, queue: &Queue) {
        match self.output.encoder.try_lock() {
            Ok(mut encoder) => self.drain_with(queue, &mut encoder),
            Err(_) => self.drain_with(queue, &mut FragmentEncoder::default()),
        }
    }

    fn drain_with(&self, queue: &Queue, encoder: &mut FragmentEncoder) {
        let mut burst = 0;
        while let Some(fragment) = queue.fragments.take() {
            self.send(encoder, fragment, &mut burst);
        }
    }

    /// Ends the worker. What is closed later is sent by the thread that closes it.
    pub(crate) fn stop(&self) {
        if let Some(queue) = &self.queue {
            queue.worker.stop();
        }
        self.drain();
        self.flush_emitter(FLUSH_WITHIN);
    }

    /// Gives the emitter time to hand over what it keeps.
    pub(crate) fn flush_emitter(&self, within: Duration) {
        if !self.output.emitter.flush(within) {
            log::warn!("X-Ray: the emitter still keeps documents after {within:?}");
        }
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
        let report = encoder.encode(&mut fragment, &output.info.load(), output.limits, |datagram| {
            self.emit(datagram);
            *burst += 1;
            if burst.is_multiple_of(BURST) && self.queue.as_ref().is_some_and(|queue| !queue.fragments.is_filling()) {
                std::thread::park_timeout(PAUSE);
            }
        });
        self.pool.give_back_records(fragment.records);
        CounterCells::add(&self.counters.fixed_names, report.fixed_names.into());
        CounterCells::add(&self.counters.fixed_annotation_keys, report.fixed_keys.into());
        CounterCells::add(&self.counters.split, report.split.into());
        CounterCells::add(&self.counters.cut, report.cut.into());
        CounterCells::add(&self.counters.dropped_too_large, report.too_large.into());
    }

    /// An emitter of the user's that panics loses this datagram, not the worker.
    fn emit_caught(&self, datagram: &[u8]) -> io::Result<()> {
        let emit = AssertUnwindSafe(|| self.output.emitter.emit(datagram));
        catch_unwind(emit).unwrap_or_else(|_| Err(io::Error::other("the emitter panicked")))
    }

    fn emit(&self, datagram: &[u8]) {
        match self.emit_caught(datagram) {
            Ok(()) => CounterCells::add(&self.counters.sent, 1),
            Err(error) => {
                CounterCells::add(&self.counters.dropped_io_error, 1);
                if !self.output.warned.swap(true, Ordering::Relaxed) {
                    log::warn!("X-Ray: a document could not be sent to the agent: {error}. Further cases are counted, not logged");
                }
            }
        }
    }
}
