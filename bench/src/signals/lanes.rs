//! [`Lanes`]: all ways into the agent, each with numbered items.

use std::collections::VecDeque;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::log_writer::{Layout, LogWriter};
use crate::agent::exchange_on;
use crate::load::{Documents, Generator};

/// Items per tick of UDP, StatsD and log lines: 1,000 a second each.
const PER_TICK: u64 = 10;
const TICK: Duration = Duration::from_millis(10);
/// Ticks between two requests on the TCP port and on the socket.
const POST_EVERY: u64 = 10;
/// Documents per request.
const PER_POST: u64 = 5;
/// Values of one series: as many as a datum has room for without joining them.
const PER_SERIES: u64 = 100;
/// Values a second.
pub(super) const VALUES: u64 = PER_TICK * 100;
/// Segments by UDP a second.
pub(super) const DATAGRAMS: u64 = PER_TICK * 100;

/// Where the ways in are.
#[derive(Clone, Debug)]
pub(super) struct Ways {
    pub(super) xray: SocketAddr,
    pub(super) socket: PathBuf,
    pub(super) statsd: SocketAddr,
}

/// Documents that were not acknowledged; an SDK sends them again.
#[derive(Debug)]
struct Unposted {
    numbers: Range<u64>,
    body: String,
    by_socket: bool,
}

/// Sends on all ways.
#[derive(Debug)]
pub(super) struct Lanes {
    ways: Ways,
    generator: Generator,
    statsd: UdpSocket,
    pub(super) log: LogWriter,
    unposted: VecDeque<Unposted>,
    /// Numbers of documents that the agent has acknowledged.
    pub(super) acknowledged: Vec<Range<u64>>,
    /// Values so far: each is its number.
    pub(super) values: u64,
    /// Ticks between two rotations; none without.
    pub(super) rotates_every: Option<u64>,
    ticks: u64,
}

impl Lanes {
    pub(super) fn new(ways: Ways, logs: &Path, layout: Layout) -> Result<Self, Box<dyn Error>> {
        let generator = Generator::new(ways.xray, Documents::of_size(600))?;
        let statsd = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let log = LogWriter::new(logs, layout)?;
        let (unposted, acknowledged) = (VecDeque::new(), Vec::new());
        Ok(Self { ways, generator, statsd, log, unposted, acknowledged, values: 0, rotates_every: None, ticks: 0 })
    }

    /// Segments so far, those included that an SDK has yet to hand over.
    pub(super) const fn segments(&self) -> u64 {
        self.generator.sent
    }

    /// Sends at the usual rates.
    pub(super) fn send(&mut self, lasts: Duration) -> Result<(), Box<dyn Error>> {
        let (began, ticks) = (Instant::now(), (lasts.as_millis() / TICK.as_millis()) as u32);
        for tick in 1..=ticks {
            self.tick()?;
            std::thread::sleep((TICK * tick).saturating_sub(began.elapsed()));
        }
        Ok(())
    }

    fn tick(&mut self) -> Result<(), Box<dyn Error>> {
        self.ticks += 1;
        self.generator.send_now(PER_TICK as usize)?;
        self.send_values()?;
        self.log.write(PER_TICK)?;
        if self.rotates_every.is_some_and(|every| self.ticks.is_multiple_of(every)) {
            self.log.rotate()?;
        }
        if self.ticks.is_multiple_of(POST_EVERY) {
            for by_socket in [false, true] {
                let begin = self.generator.sent;
                let documents = self.generator.hand_out(PER_POST);
                let body = serde_json::json!({ "TraceSegmentDocuments": documents }).to_string();
                self.unposted.push_back(Unposted { numbers: begin..self.generator.sent, body, by_socket });
            }
            self.post();
        }
        Ok(())
    }

    fn send_values(&mut self) -> Result<(), Box<dyn Error>> {
        let lines = (self.values..self.values + PER_TICK).map(|number| format!("item:{number}|h|#series:{}\n", number / PER_SERIES));
        self.statsd.send_to(lines.collect::<String>().as_bytes(), self.ways.statsd)?;
        self.values += PER_TICK;
        Ok(())
    }

    /// Hands over what waits, until the agent refuses one. Returns whether nothing waits.
    pub(super) fn post(&mut self) -> bool {
        while let Some(next) = self.unposted.pop_front() {
            if !self.is_taken(&next) {
                self.unposted.push_front(next);
                return false;
            }
            self.acknowledged.push(next.numbers);
        }
        true
    }

    fn is_taken(&self, unposted: &Unposted) -> bool {
        const PATIENCE: Option<Duration> = Some(Duration::from_secs(2));
        let head = "POST /TraceSegments HTTP/1.1\r\nhost: agent\r\nconnection: close\r\n";
        let answer = if unposted.by_socket {
            UnixStream::connect(&self.ways.socket).and_then(|mut stream| {
                stream.set_read_timeout(PATIENCE)?;
                exchange_on(&mut stream, head, &unposted.body)
            })
        } else {
            TcpStream::connect(self.ways.xray).and_then(|mut stream| {
                stream.set_read_timeout(PATIENCE)?;
                exchange_on(&mut stream, head, &unposted.body)
            })
        };
        answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
    }
}
