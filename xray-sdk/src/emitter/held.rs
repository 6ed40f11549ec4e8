//! [`Held`]: documents that are kept until somebody else holds them, and the thread that hands them over.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use telemetry_wire::document_of;

use crate::clock::monotonic_now;
use crate::fork::PerProcess;

/// Bytes of documents that may wait.
const HELD: usize = 16 << 20;
/// Documents of one request.
const BATCH: usize = 50;
/// Bytes of the documents of one request.
const BATCH_BYTES: usize = 1 << 20;
/// Between two attempts, doubled from the first up to the second.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// A bounded buffer of documents. Adding to a full one blocks up to the configured timeout.
///
/// Once the receiver has taken nothing for that long, adding to a full buffer fails at once, until the receiver takes something again: a dead
/// receiver costs the application one timeout and not one per document.
pub(super) struct Held {
    running: PerProcess<Running>,
    thread: &'static str,
    timeout: Duration,
}

/// Implements [`Emitter`](super::emit::Emitter) for a type whose first field is a [`Held`].
macro_rules! emitter_with_buffer {
    ($emitter:ty) => {
        impl $crate::emitter::emit::Emitter for $emitter {
            fn emit(&self, datagram: &[u8]) -> std::io::Result<()> {
                self.0.keep(datagram)
            }

            fn may_block(&self) -> bool {
                true
            }

            fn wait_until(&self, deadline: std::time::Instant) {
                self.0.wait_until(deadline);
            }

            fn taken(&self) -> Option<u64> {
                Some(self.0.taken())
            }

            fn left(&self) -> usize {
                self.0.left()
            }

            fn takes_large(&self) -> bool {
                true
            }

            /// Waits until the receiver has everything.
            fn flush(&self, within: std::time::Duration) -> bool {
                self.0.flush(within)
            }
        }
    };
}
pub(super) use emitter_with_buffer;

/// Hands a batch over, or says why it is to be called with it again.
pub(super) type Send = Box<dyn FnMut(&[String]) -> io::Result<()> + std::marker::Send>;

/// A buffer and the thread that empties it; the thread ends when this is dropped.
#[derive(Debug)]
struct Running(Arc<Shared>);

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("thread", &self.thread).field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    taken: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<String>,
    /// Bytes waiting and in flight.
    bytes: usize,
    /// Number of documents in flight.
    sending: usize,
    is_stopped: bool,
    /// Nothing was taken for the timeout of somebody who waited for room.
    is_stalled: bool,
    /// Waits for room end here: the SDK is being flushed or stopped.
    deadline: Option<Instant>,
}

impl Held {
    /// Starts the thread with what `make` returns, and again in a child of this process.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(thread: &'static str, make: impl Fn() -> Send + std::marker::Send + Sync + 'static) -> io::Result<Self> {
        let running = PerProcess::new(move |_| Running::start(thread, make()))?;
        Ok(Self { running, thread, timeout: Duration::from_secs(60) })
    }

    /// The buffer of this process.
    fn shared(&self) -> io::Result<Arc<Shared>> {
        self.running.with(|running| Arc::clone(&running.0))
    }

    pub(super) const fn wait_at_most(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Keeps the document of a datagram, as soon as there is room.
    ///
    /// # Errors
    /// When it is no datagram, or there was no room for too long; the document is lost.
    pub(super) fn keep(&self, datagram: &[u8]) -> io::Result<()> {
        let document = document_of(datagram).map_err(io::Error::other)?;
        let shared = self.shared()?;
        let mut state = shared.lock();
        let give_up = monotonic_now() + self.timeout;
        while state.bytes + document.len() > HELD && !state.is_stopped && !state.is_stalled {
            let until = state.deadline.map_or(give_up, |deadline| deadline.min(give_up));
            let left = until.saturating_duration_since(monotonic_now());
            if left.is_zero() {
                // A flush that ends a wait says nothing about the receiver.
                state.is_stalled = monotonic_now() >= give_up;
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the receiver took no documents within the timeout"));
            }
            state = shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.is_stopped || state.bytes + document.len() > HELD {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the buffer is full and the receiver takes no documents"));
        }
        state.bytes += document.len();
        state.waiting.push_back(document.to_owned());
        shared.changed.notify_all();
        Ok(())
    }

    /// Ends waits for room at `deadline`.
    pub(super) fn wait_until(&self, deadline: Instant) {
        if let Ok(shared) = self.shared() {
            shared.lock().deadline = Some(deadline);
            shared.changed.notify_all();
        }
    }

    /// Waits until everything was handed over; returns whether it was. Waits for room have their own timeout again afterwards.
    pub(super) fn flush(&self, within: Duration) -> bool {
        let waits = |state: &mut State| !state.waiting.is_empty() || state.sending > 0;
        let Ok(shared) = self.shared() else { return false };
        let waited = shared.changed.wait_timeout_while(shared.lock(), within, waits);
        let (mut state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        state.deadline = None;
        !timeout.timed_out()
    }

    pub(super) fn taken(&self) -> u64 {
        self.running.with(|running| running.0.taken.load(Ordering::Relaxed)).unwrap_or(0)
    }

    pub(super) fn left(&self) -> usize {
        self.shared().map_or(0, |shared| {
            let state = shared.lock();
            state.waiting.len() + state.sending
        })
    }
}

impl Running {
    fn start(thread: &str, send: Send) -> io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), taken: AtomicU64::new(0) });
        let sender = Arc::clone(&shared);
        std::thread::Builder::new().name(thread.into()).spawn(move || sender.run(send))?;
        Ok(Self(shared))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.lock().is_stopped = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, mut send: Send) {
        let mut warned = false;
        while let Some(batch) = self.next_batch() {
            let mut pause = BACKOFF.0;
            while let Err(error) = send(&batch) {
                if !std::mem::replace(&mut warned, true) {
                    log::warn!("X-Ray: cannot deliver documents ({error}); buffering up to 16 MB and retrying");
                }
                if !self.pause(pause) {
                    return;
                }
                pause = (pause * 2).min(BACKOFF.1);
            }
            warned = false;
            self.sent(&batch);
        }
    }

    /// Waits for documents; `None` at the end.
    fn next_batch(&self) -> Option<Vec<String>> {
        let nothing = |state: &mut State| state.waiting.is_empty() && !state.is_stopped;
        let mut state = self.changed.wait_while(self.lock(), nothing).unwrap_or_else(PoisonError::into_inner);
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(document) =
            state.waiting.pop_front_if(|document| batch.len() < BATCH && (bytes == 0 || bytes + document.len() <= BATCH_BYTES))
        {
            bytes += document.len();
            batch.push(document);
        }
        state.sending = batch.len();
        (!batch.is_empty()).then_some(batch)
    }

    fn sent(&self, batch: &[String]) {
        let mut state = self.lock();
        state.bytes -= batch.iter().map(String::len).sum::<usize>();
        (state.sending, state.is_stalled) = (0, false);
        self.taken.fetch_add(batch.len() as u64, Ordering::Relaxed);
        self.changed.notify_all();
    }

    /// Waits before the next attempt; `false` when there is none, because the emitter is gone.
    fn pause(&self, pause: Duration) -> bool {
        let until = monotonic_now() + pause;
        let mut state = self.lock();
        loop {
            let left = until.saturating_duration_since(monotonic_now());
            if state.is_stopped || left.is_zero() {
                return !state.is_stopped;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
