//! [`LosslessEmitter`]: documents by HTTP to the agent, which says when it holds them.

use std::io;
#[cfg(unix)]
use std::path::PathBuf;
use std::time::Duration;

use super::held::{Held, Send, emitter_with_buffer};
use crate::agent::{AgentClient, Endpoint};

/// For the connection and for each wait for bytes.
const TIMEOUT: Duration = Duration::from_secs(5);

/// For jobs that may not lose: hands documents to the agent's `POST /TraceSegments`, over TCP or a Unix socket, and keeps each until the
/// agent says that it holds it.
///
/// A thread of its own sends and retries for as long as the process runs. 16 MB of documents wait in memory. When they are that many, the
/// threads that end segments wait too. Once the agent has taken nothing for [`Self::wait_at_most`], documents are dropped and counted until it
/// takes something again. The default emitter, over UDP, never waits and may lose.
#[derive(Debug)]
pub struct LosslessEmitter(Held);

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
    pub fn wait_at_most(self, patience: Duration) -> Self {
        Self(self.0.wait_at_most(patience))
    }

    fn start(endpoint: Endpoint) -> io::Result<Self> {
        let make = move || {
            let mut agent = AgentClient::new(endpoint.clone(), TIMEOUT);
            Box::new(move |documents: &[String]| post(&mut agent, documents)) as Send
        };
        Held::start("xray-lossless", make).map(Self)
    }
}

emitter_with_buffer!(LosslessEmitter);

/// 2xx means held. A 4xx other than 429 would be the same for ever: such a batch is given up, and the reason logged.
fn post(agent: &mut AgentClient, documents: &[String]) -> io::Result<()> {
    let body = serde_json::json!({ "TraceSegmentDocuments": documents }).to_string();
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
