//! [`LosslessEmitter`]: documents by HTTP to the agent, which says when it holds them.

use std::collections::VecDeque;
use std::io;
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use telemetry_wire::document_of;

use super::emit::Emitter;
use crate::agent::{AgentClient, Endpoint};
use crate::clock::monotonic_now;

/// Bytes of documents that may wait for the agent.
const HELD: usize = 16 << 20;
/// Documents of one request.
const BATCH: usize = 50;
/// Bytes of the documents of one request.
const BATCH_BYTES: usize = 1 << 20;
/// For the connection and for each wait for bytes.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Between two attempts, doubled up to the second.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// For jobs that may not lose: hands documents to the agent's `POST /TraceSegments`, over TCP or a Unix socket, and keeps each until the
/// agent says that it holds it.
///
/// A thread of its own sends, and goes on trying for as long as it takes. 16 MB of documents wait; when they are that many, whoever ends the
/// next segment waits too, for [`Self::wait_at_most`], and only then one is lost and counted. The default emitter, over UDP, never
/// waits and may lose.
#[derive(Debug)]
pub struct LosslessEmitter {
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

impl LosslessEmitter {
    /// Sends to the agent at `host:port`; nobody need be listening yet.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn tcp(agent: impl Into<String>) -> io::Result<Self> {
        Self::start(Endpoint::Tcp(agent.into()))
    }

    /// Sends to the agent's socket, such as `/run/metrics-agent/xray.sock`.
    ///
    /// # Errors
    /// When the system gives no thread.
    #[cfg(unix)]
    pub fn unix(path: impl Into<PathBuf>) -> io::Result<Self> {
        Self::start(Endpoint::Unix(path.into()))
    }

    /// How long the end of a segment may wait for room. Default: a minute.
    #[must_use]
    pub const fn wait_at_most(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    fn start(endpoint: Endpoint) -> io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let sender = Arc::clone(&shared);
        std::thread::Builder::new().name("xray-lossless".into()).spawn(move || sender.run(AgentClient::new(endpoint, TIMEOUT)))?;
        Ok(Self { shared, patience: Duration::from_secs(60) })
    }
}

impl Emitter for LosslessEmitter {
    fn emit(&self, datagram: &[u8]) -> io::Result<()> {
        let document = document_of(datagram).map_err(io::Error::other)?;
        let is_full = |state: &mut State| state.bytes + document.len() > HELD && !state.is_stopped;
        let state = self.shared.lock();
        let (mut state, timeout) =
            self.shared.changed.wait_timeout_while(state, self.patience, is_full).unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() || state.is_stopped {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the agent took nothing for too long"));
        }
        state.bytes += document.len();
        state.waiting.push_back(document.to_owned());
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Waits until the agent holds everything.
    fn flush(&self, within: Duration) -> bool {
        let state = self.shared.lock();
        let waits = |state: &mut State| !state.waiting.is_empty() || state.is_sending;
        let waited = self.shared.changed.wait_timeout_while(state, within, waits);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

impl Drop for LosslessEmitter {
    fn drop(&mut self) {
        self.shared.lock().is_stopped = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, mut agent: AgentClient) {
        let mut warned = false;
        while let Some(batch) = self.next_batch() {
            let body = serde_json::json!({ "TraceSegmentDocuments": batch }).to_string();
            let mut pause = BACKOFF.0;
            while let Err(error) = post(&mut agent, &body) {
                if !std::mem::replace(&mut warned, true) {
                    log::warn!("X-Ray: the agent does not take documents ({error}); they are kept and sent again");
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

/// 2xx means held. A 4xx other than 429 would be the same for ever: such a batch is given up, and the reason logged.
fn post(agent: &mut AgentClient, body: &str) -> io::Result<()> {
    let answer = agent.post("/TraceSegments", "application/json", body.as_bytes())?;
    match answer.status {
        200..=299 => Ok(()),
        429 | 500..=599 => Err(io::Error::other(format!("status {}", answer.status))),
        status => {
            log::error!("X-Ray: the agent refuses documents with status {status}: {}", String::from_utf8_lossy(&answer.body));
            Ok(())
        }
    }
}
