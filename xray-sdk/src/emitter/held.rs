//! [`Held`]: documents that are kept until somebody else holds them, and the thread that hands them over.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use telemetry_wire::document_of;

use crate::clock::monotonic_now;

/// Bytes of documents that may wait.
const HELD: usize = 16 << 20;
/// Documents of one request.
const BATCH: usize = 50;
/// Bytes of the documents of one request.
const BATCH_BYTES: usize = 1 << 20;
/// Between two attempts, doubled from the first up to the second.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// A bounded list of documents. Whoever adds to a full one waits for room, for as long as its patience lasts.
#[derive(Debug)]
pub(super) struct Held {
    shared: Arc<Shared>,
    patience: Duration,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<String>,
    /// Bytes waiting and on their way.
    bytes: usize,
    is_sending: bool,
    is_stopped: bool,
}

impl Held {
    /// Starts the thread. `send` hands a batch over, or says why it is to be called with it again.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(thread: &str, send: impl FnMut(&[String]) -> io::Result<()> + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let sender = Arc::clone(&shared);
        std::thread::Builder::new().name(thread.into()).spawn(move || sender.run(send))?;
        Ok(Self { shared, patience: Duration::from_secs(60) })
    }

    pub(super) const fn wait_at_most(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Keeps the document of a datagram, as soon as there is room.
    ///
    /// # Errors
    /// When it is no datagram, or there was no room for too long; the document is lost.
    pub(super) fn keep(&self, datagram: &[u8]) -> io::Result<()> {
        let document = document_of(datagram).map_err(io::Error::other)?;
        let is_full = |state: &mut State| state.bytes + document.len() > HELD && !state.is_stopped;
        let state = self.shared.lock();
        let (mut state, timeout) =
            self.shared.changed.wait_timeout_while(state, self.patience, is_full).unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() || state.is_stopped {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "nobody took documents for too long"));
        }
        state.bytes += document.len();
        state.waiting.push_back(document.to_owned());
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Waits until everything was handed over; returns whether it was.
    pub(super) fn flush(&self, within: Duration) -> bool {
        let state = self.shared.lock();
        let waits = |state: &mut State| !state.waiting.is_empty() || state.is_sending;
        let waited = self.shared.changed.wait_timeout_while(state, within, waits);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shared.lock().is_stopped = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, mut send: impl FnMut(&[String]) -> io::Result<()>) {
        let mut warned = false;
        while let Some(batch) = self.next_batch() {
            let mut pause = BACKOFF.0;
            while let Err(error) = send(&batch) {
                if !std::mem::replace(&mut warned, true) {
                    log::warn!("X-Ray: nobody takes documents ({error}); they are kept and sent again");
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
        state.is_sending = !batch.is_empty();
        (!batch.is_empty()).then_some(batch)
    }

    fn sent(&self, batch: &[String]) {
        let mut state = self.lock();
        state.bytes -= batch.iter().map(String::len).sum::<usize>();
        state.is_sending = false;
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
