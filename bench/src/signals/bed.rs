//! [`Bed`]: a stand-in for AWS, an agent with all its signals, and what is sent to it.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use super::cell::Cell;
use super::lanes::{Lanes, Ways};
use super::volume::Mounted;
use crate::agent::{Contestant, Running, Status};
use crate::load::socket_of;
use crate::process::free_port;
use crate::sink::{Conduct, Numbers, Sink};

/// Time for which what is held may take to arrive.
const PATIENCE: Duration = Duration::from_secs(40);

/// A place for faults.
pub(super) struct Bed {
    pub(super) sink: Sink,
    pub(super) agent: Contestant,
    pub(super) lanes: Lanes,
    running: Option<Running>,
    statsd: u16,
    /// Of processes that have ended.
    past: Past,
    logs: PathBuf,
    // Unmounted after the agent has ended.
    _mounted: Option<Mounted>,
}

/// What ended processes have left.
#[derive(Debug, Default)]
struct Past {
    /// Datagrams of segments and of StatsD that the kernel dropped.
    dropped: [u64; 2],
    /// Items that the ledgers call lost, of all signals, by reason.
    lost: Vec<String>,
}

/// What became of one signal's items.
#[derive(Debug)]
pub(super) struct Fate {
    pub(super) sent: u64,
    pub(super) numbers: Numbers,
}

/// What was seen of a cell.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) segments: Fate,
    pub(super) values: Fate,
    pub(super) lines: Fate,
    /// Acknowledged segments that have not arrived.
    pub(super) broken_promises: u64,
    pub(super) dropped: [u64; 2],
    /// Items still held when the time was over.
    pub(super) held: u64,
    /// What the ledgers say.
    pub(super) reasons: String,
}

impl Fate {
    pub(super) const fn lost(&self) -> u64 {
        self.sent.saturating_sub(self.numbers.distinct)
    }
}

impl Bed {
    pub(super) fn new(cell: &Cell) -> Result<Self, Box<dyn Error>> {
        let (sink, mounted) = (Sink::start()?, cell.volume.mount()?);
        let folder = match &mounted {
            Some(mounted) => TempDir::new_in(mounted.path())?,
            None => tempfile::tempdir()?,
        };
        let statsd = free_port()?;
        // Where the disk of the agent is full, that of the application is not.
        let outside = tempfile::tempdir()?.keep();
        let is_small = cell.volume == super::volume::Volume::Small;
        let logs = if is_small { outside.clone() } else { folder.path().join("logs") };
        let socket = folder.path().join("xray.sock");
        let traces = format!("spool = \"always\"\nsocket = \"{}\"\n", socket.display());
        let others = format!(
            "[metrics]\nstatsd = \"{statsd}\"\ninterval = 1\n[logs]\nstate = \"{}\"\n[[logs.files]]\npaths = [\"{}\"]\ngroup = \"/app\"\nstream = \"one\"\n",
            folder.path().join("state").display(),
            logs.join(cell.layout.pattern()).display()
        );
        let agent = Contestant::ours_with(folder, &sink.endpoint(), &traces, &others)?;
        let lanes = Lanes::new(Ways { xray: agent.xray, socket, statsd }, &logs, cell.layout)?;
        let (running, past) = (None, Past::default());
        Ok(Self { sink, agent, lanes, running, statsd: statsd.port(), past, logs: outside, _mounted: mounted })
    }

    pub(super) fn folder(&self) -> &Path {
        self.agent.folder.path()
    }

    /// The agent, started if it does not run.
    pub(super) fn running(&mut self) -> Result<&Running, Box<dyn Error>> {
        let running = match self.running.take() {
            Some(running) => running,
            None => self.agent.start()?,
        };
        Ok(self.running.insert(running))
    }

    /// Sends on all ways.
    pub(super) fn send(&mut self, seconds: f64) -> Result<(), Box<dyn Error>> {
        self.running()?;
        self.lanes.send(Duration::from_secs_f64(seconds))
    }

    /// Before, while and after the service behaves so.
    pub(super) fn through(&mut self, conduct: Conduct) -> Result<(), Box<dyn Error>> {
        self.send(0.7)?;
        self.sink.set(conduct);
        self.send(2.5)?;
        self.sink.set(Conduct::default());
        self.send(0.7)
    }

    pub(super) fn signal(&mut self, signal: Signal) -> Result<(), Box<dyn Error>> {
        self.running()?.program.signal(signal)
    }

    /// SIGTERM; what was sent before is in the ledger or on disk.
    pub(super) fn stop(&mut self) -> Result<(), Box<dyn Error>> {
        self.note_process()?;
        if let Some(running) = self.running.take() {
            running.stop()?;
        }
        Ok(())
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self) -> Result<(), Box<dyn Error>> {
        self.note_process()?;
        if let Some(running) = self.running.take() {
            running.kill()?;
        }
        Ok(())
    }

    fn note_process(&mut self) -> Result<(), Box<dyn Error>> {
        let Some(running) = &self.running else { return Ok(()) };
        let (id, statuses) = (running.program.id(), running.statuses()?);
        for (dropped, port) in self.past.dropped.iter_mut().zip([self.agent.xray.port(), self.statsd]) {
            *dropped += socket_of(id, port)?.drops;
        }
        for Status { signal, lost_by_reason, unread_bytes_by_reason, .. } in statuses {
            let lost = lost_by_reason.iter().filter(|(_, count)| **count > 0).map(|(reason, count)| format!("{count} {signal}: {reason}"));
            self.past.lost.extend(lost);
            let unread = unread_bytes_by_reason.iter().filter(|(_, bytes)| **bytes > 0);
            self.past.lost.extend(unread.map(|(reason, bytes)| format!("{bytes} bytes of {signal}: {reason}")));
        }
        Ok(())
    }

    /// Lets everything arrive that will, and counts.
    pub(super) fn settle(&mut self) -> Result<Seen, Box<dyn Error>> {
        /// What is not held any more may be in an interval of metrics, or in a file.
        const QUIET: Duration = Duration::from_secs(3);
        let deadline = Instant::now() + PATIENCE;
        let (mut held, mut is_posted) = (u64::MAX, false);
        while Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(50));
            is_posted = self.lanes.post();
            held = self.running()?.statuses()?.iter().map(|status| status.held).sum();
            let [segments, values, lines] = self.sink.tally.numbers().map(|numbers| numbers.distinct);
            let all = (self.lanes.segments(), self.lanes.values, self.lanes.log.written);
            if is_posted && held == 0 && ((segments, values, lines) == all || self.sink.tally.silence() > QUIET) {
                break;
            }
        }
        if !is_posted {
            return Err("the agent does not take documents".into());
        }
        self.note_process()?;
        let [segments, values, lines] = self.sink.tally.numbers();
        let promised = self.lanes.acknowledged.iter().cloned().flatten();
        let broken_promises = promised.filter(|number| !segments.has(*number)).count() as u64;
        let fate = |sent, numbers| Fate { sent, numbers };
        Ok(Seen {
            segments: fate(self.lanes.segments(), segments),
            values: fate(self.lanes.values, values),
            lines: fate(self.lanes.log.written, lines),
            broken_promises,
            dropped: self.past.dropped,
            held,
            reasons: self.past.lost.join(", "),
        })
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        // The folder of logs that are outside of the agent's.
        let _it_may_be_busy = std::fs::remove_dir_all(&self.logs);
        drop(self.running.take());
    }
}
