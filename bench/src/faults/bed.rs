//! [`Bed`]: a sink, an agent and a generator, and what became of the agent's processes so far.

use std::error::Error;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::seen::Seen;
use super::setup::{Setup, Spool};
use crate::agent::{Contestant, Running, Status, exchange};
use crate::load::{Documents, Generator, Load};
use crate::sink::{Conduct, Sink};

/// Segments a second.
pub(super) const RATE: u32 = 2_000;
/// How long what is held may take to arrive.
const PATIENCE: Duration = Duration::from_secs(45);

/// Where a fault happens.
pub(super) struct Bed {
    pub(super) sink: Sink,
    /// How the agent is started.
    pub(super) agent: Contestant,
    running: Option<Running>,
    generator: Generator,
    spool: Spool,
    /// Of processes that have ended.
    past: Seen,
}

impl Bed {
    pub(super) fn new(setup: Setup) -> Result<Self, Box<dyn Error>> {
        let sink = if setup.is_encrypted { Sink::start_encrypted()? } else { Sink::start()? };
        let mut agent = Contestant::ours(&sink.endpoint(), &setup.lines())?;
        if let Some(authority) = &sink.authority {
            let file = agent.folder.path().join("authority.pem");
            std::fs::write(&file, authority)?;
            agent.variables.push(("SSL_CERT_FILE", file.display().to_string()));
        }
        let documents = if setup.is_noisy { Documents::noisy(1_000) } else { Documents::of_size(1_000) };
        let generator = Generator::new(agent.xray, documents)?;
        Ok(Self { sink, agent, running: None, generator, spool: setup.spool, past: Seen::default() })
    }

    /// Where the agent's folder is.
    pub(super) fn folder(&self) -> &std::path::Path {
        self.agent.folder.path()
    }

    pub(super) fn spool(&self) -> std::path::PathBuf {
        self.agent.spool()
    }

    /// Its TCP ports: sampling and health.
    pub(super) fn ports(&self) -> Vec<SocketAddr> {
        [Some(self.agent.xray), self.agent.health].into_iter().flatten().collect()
    }

    /// The agent, started if it does not run.
    pub(super) fn running(&mut self) -> Result<&Running, Box<dyn Error>> {
        let running = match self.running.take() {
            Some(running) => running,
            None => self.agent.start()?,
        };
        Ok(self.running.insert(running))
    }

    /// Sends at the usual rate.
    pub(super) fn send(&mut self, seconds: f64) -> Result<(), Box<dyn Error>> {
        self.running()?;
        self.generator.send(Load::even(RATE, Duration::from_secs_f64(seconds))).map(drop)
    }

    /// Sends so many at once.
    pub(super) fn burst(&mut self, count: usize) -> Result<(), Box<dyn Error>> {
        self.running()?;
        self.generator.send_now(count)
    }

    /// Hands documents over by HTTP, and waits for the answer.
    pub(super) fn post(&mut self, count: u64) -> Result<(), Box<dyn Error>> {
        self.running()?;
        let body = serde_json::json!({ "TraceSegmentDocuments": self.generator.hand_out(count) });
        let address = self.agent.xray;
        let head = format!("POST /TraceSegments HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
        let answer = exchange(address, &head, &body.to_string())?;
        if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(format!("the agent did not take documents: {answer}").into()) }
    }

    /// Before, while and after the sink behaves so.
    pub(super) fn through(&mut self, conduct: Conduct) -> Result<(), Box<dyn Error>> {
        self.send(0.5)?;
        self.sink.set(conduct);
        self.send(3.0)?;
        self.sink.set(Conduct::default());
        self.send(0.5)
    }

    /// Waits until the agent has read its port, and its spool has had a turn.
    pub(super) fn rest(&mut self) -> Result<(), Box<dyn Error>> {
        /// A few of the spool's turns.
        const TURNS: Duration = Duration::from_millis(500);
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.running()?.socket()?.waiting > 0 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(TURNS);
        Ok(())
    }

    /// SIGTERM; what it could not send it calls lost, or leaves to the disk.
    pub(super) fn stop(&mut self) -> Result<(), Box<dyn Error>> {
        let Some(running) = self.running.take() else { return Ok(()) };
        self.past.kernel += running.socket()?.drops;
        let (words, _) = running.stop()?;
        let words = words.ok_or("the agent did not say what it leaves")?;
        self.add("lost when stopped", words.lost);
        Ok(())
    }

    /// SIGKILL; what is in memory only is lost with it.
    pub(super) fn kill(&mut self) -> Result<(), Box<dyn Error>> {
        let Some(running) = self.running.take() else { return Ok(()) };
        self.past.kernel += running.socket()?.drops;
        let status = running.status()?;
        running.kill()?;
        self.add("lost before the kill", status.lost);
        // With `always` what is in memory is on disk too, but for the last moment.
        if !matches!(self.spool, Spool::Always) {
            self.add("in memory when killed", status.held - status.disk_items);
        }
        Ok(())
    }

    fn add(&mut self, reason: &str, count: u64) {
        if count > 0 {
            let comma = if self.past.reasons.is_empty() { "" } else { ", " };
            self.past.reasons += &format!("{comma}{count} {reason}");
        }
        self.past.ledger += count;
    }

    /// Waits until everything has come to its end, as long as patience lasts.
    pub(super) fn wait_until_nothing_is_held(&mut self) -> Result<Status, Box<dyn Error>> {
        let deadline = Instant::now() + PATIENCE;
        self.rest()?;
        let mut status = self.running()?.status()?;
        while status.held > 0 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(100));
            status = self.running()?.status()?;
        }
        Ok(status)
    }

    /// Lets everything arrive that will, and counts.
    pub(super) fn settle(&mut self) -> Result<Seen, Box<dyn Error>> {
        let Status { held, lost_by_reason, .. } = self.wait_until_nothing_is_held()?;
        let kernel = self.running()?.socket()?.drops;
        lost_by_reason.iter().for_each(|(reason, count)| self.add(reason, *count));
        let arrivals = self.sink.tally.arrivals();
        let mut seen = self.past.clone();
        (seen.sent, seen.arrived, seen.duplicates, seen.held) = (self.generator.sent, arrivals.documents, arrivals.duplicates, held);
        seen.strangers = arrivals.strangers;
        seen.kernel += kernel;
        Ok(seen)
    }
}
