//! [`trial`]: one contestant, one load, and what came of it.

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::contestant::Contestant;
use super::running::Running;
use crate::load::{Documents, Generator, Load};
use crate::process::Program;
use crate::sink::{Arrivals, Conduct, Latency, Sink};

/// Whose turn it is.
#[derive(Clone, Debug)]
pub(super) enum Who {
    Ours,
    /// Another build of ours, such as that of an earlier commit.
    Other(PathBuf),
    Daemon(PathBuf),
}

impl Who {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Ours => "**metrics-agent**",
            Self::Other(_) => "metrics-agent, the other build",
            Self::Daemon(_) => "X-Ray daemon",
        }
    }

    pub(super) fn binary(&self) -> Result<PathBuf, Box<dyn Error>> {
        match self {
            Self::Ours => Program::agent(),
            Self::Other(path) | Self::Daemon(path) => Ok(path.clone()),
        }
    }

    pub(super) fn contestant(&self, endpoint: &str) -> Result<Contestant, Box<dyn Error>> {
        match self {
            Self::Ours => Contestant::ours(endpoint, ""),
            Self::Other(binary) => {
                let mut contestant = Contestant::ours(endpoint, "")?;
                contestant.binary.clone_from(binary);
                Ok(contestant)
            }
            Self::Daemon(binary) => Contestant::daemon(binary, endpoint),
        }
    }
}

/// What came of a load.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outcome {
    pub(super) sent: u64,
    /// Of these, before the measurement.
    warm: u64,
    pub(super) arrivals: Arrivals,
    /// Of what did not arrive, what the kernel dropped because it was not read.
    pub(super) kernel_drops: u64,
    pub(super) processor_time: Duration,
    pub(super) sending: Duration,
    /// From the last that was sent to the last that arrived.
    pub(super) settling: Duration,
    /// Megabytes.
    pub(super) idle_memory: f64,
    pub(super) most_memory: f64,
}

impl Outcome {
    pub(super) const fn lost(&self) -> u64 {
        self.sent.saturating_sub(self.arrivals.documents)
    }

    pub(super) fn rate(&self) -> f64 {
        (self.sent - self.warm) as f64 / self.sending.as_secs_f64()
    }

    /// Microseconds of the processor for a segment that arrived.
    pub(super) fn cost(&self) -> f64 {
        self.processor_time.as_secs_f64() * 1e6 / self.arrivals.documents.saturating_sub(self.warm).max(1) as f64
    }

    pub(super) fn per_segment(&self, what: f64) -> f64 {
        what / self.arrivals.documents.max(1) as f64
    }
}

/// Documents of the tables.
pub(super) const BYTES: usize = 1_000;

/// A sink as AWS is on a good day.
pub(super) fn good_sink() -> Result<Sink, Box<dyn Error>> {
    let sink = Sink::start()?;
    sink.set(good_day());
    Ok(sink)
}

/// Latencies of a good day.
pub(super) fn good_day() -> Conduct {
    let latency = Latency { median: Duration::from_millis(2), p99: Duration::from_millis(10) };
    Conduct { latency, ..Conduct::default() }
}

/// Starts a contestant, sends the load, waits for what arrives.
pub(super) fn trial(who: &Who, documents: &Documents, load: Load, idle: Duration) -> Result<Outcome, Box<dyn Error>> {
    let sink = good_sink()?;
    let contestant = who.contestant(&sink.endpoint())?;
    let running = contestant.start()?;
    std::thread::sleep(idle);
    let mut outcome = Outcome { idle_memory: running.program.memory()?, ..Outcome::default() };
    let mut generator = Generator::new(contestant.xray, documents.clone())?;
    generator.send(Load::even(load.per_second.min(WARM_UP), Duration::from_secs(1)))?;
    outcome.warm = generator.sent;
    settle(&sink, &running, generator.sent, LINGER)?;
    let before = running.program.processor_time()?;
    outcome.sending = generator.send(load)?;
    outcome.sent = generator.sent;
    outcome.settling = settle(&sink, &running, generator.sent, LINGER)?;
    outcome.kernel_drops = running.socket()?.drops;
    outcome.processor_time = running.program.processor_time()? - before;
    outcome.most_memory = running.program.most_memory()?;
    outcome.arrivals = sink.tally.arrivals();
    Ok(outcome)
}

/// Documents a second at most: the first calls load code and open connections, which agents do once in weeks.
const WARM_UP: u32 = 1_000;
/// Longer than agents wait for company.
const LINGER: Duration = Duration::from_secs(3);

/// Waits until everything that the kernel did not drop is there, or nothing has come for so long; how long the arrivals took.
pub(super) fn settle(sink: &Sink, running: &Running, sent: u64, silence: Duration) -> Result<Duration, Box<dyn Error>> {
    const AT_MOST: Duration = Duration::from_secs(300);
    let began = Instant::now();
    while began.elapsed() < AT_MOST {
        if sink.tally.documents() + running.socket()?.drops >= sent {
            return Ok(began.elapsed());
        }
        if began.elapsed() > silence && sink.tally.silence() > silence {
            return Ok(began.elapsed().saturating_sub(sink.tally.silence()));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(began.elapsed())
}
