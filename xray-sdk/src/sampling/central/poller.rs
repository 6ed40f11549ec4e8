//! The thread that asks.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;
use std::time::Duration;

use arc_swap::ArcSwapOption;

use super::exchange::{Ask, Exchange};
use super::manifest::Manifest;
use crate::agent::{AgentClient, Endpoint};
use crate::clock::wall_now;

/// Between two looks at what is due.
const TICK: Duration = Duration::from_secs(10);
/// Added to a tick, so that a fleet does not ask at once; in milliseconds.
const JITTER: u64 = 100;
/// For the connection and for each wait for bytes.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Ends the thread when dropped.
#[derive(Debug)]
pub(super) struct Poller {
    thread: Thread,
    is_stopped: Arc<AtomicBool>,
}

impl Poller {
    /// Starts the thread. Without one the rules never come, and local rules decide.
    pub(super) fn start(endpoint: Endpoint, manifest: Arc<ArcSwapOption<Manifest>>, service: String) -> io::Result<Self> {
        let is_stopped = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&is_stopped);
        let run = move || {
            let mut agent = AgentClient::new(endpoint, TIMEOUT);
            let mut exchange = Exchange::new(manifest, service);
            while !stopped.load(Ordering::Relaxed) {
                exchange.tick(&mut agent, wall_now().seconds());
                std::thread::park_timeout(TICK + Duration::from_millis(fastrand::u64(0..=JITTER)));
            }
        };
        let thread = std::thread::Builder::new().name("xray-sampling".into()).spawn(run)?;
        Ok(Self { thread: thread.thread().clone(), is_stopped })
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        self.thread.unpark();
    }
}

impl Ask for AgentClient {
    fn ask(&mut self, path: &str, body: &[u8]) -> io::Result<Vec<u8>> {
        let answer = self.post(path, "application/json", body)?;
        if answer.status == 200 {
            Ok(answer.body)
        } else {
            Err(io::Error::other(format!("{path} was answered with status {}", answer.status)))
        }
    }
}
