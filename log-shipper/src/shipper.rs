//! [`Shipper`]: finds, tails, delivers, remembers.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_cloudwatchlogs::Client;
use telemetry_delivery::{Backoff, Drain, DrainSignal, Ledger, Pump, PumpSettings, Queue};
use tokio::task::JoinSet;

use crate::batch::LogBatcher;
use crate::clock::Now;
use crate::content::MAX_AGE;
use crate::event::{LogEvent, Target};
use crate::files::{Books, Files, Outlet};
use crate::journal::Journal;
use crate::progress::Progress;
use crate::put_log_events::PutLogEvents;
use crate::source::{Source, StartError};

/// Settings of a shipper.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Sources whose files are read.
    pub sources: Vec<Source>,
    /// The folder of the journal.
    pub state: PathBuf,
    /// Bytes of lines that may wait; reading stops when they do. Default 16 MB.
    pub memory: usize,
    /// Longest time for which a batch waits for more events. Default 500 ms; the AWS agents wait 5 s.
    pub linger: Duration,
    /// Pause between two looks at the files. Default 250 ms, and at least nine times the duration of a look up to 5 s.
    pub poll: Duration,
    /// Files that are open at once. Default 512. Others are opened when they grow.
    pub max_open: usize,
}

impl Settings {
    /// Default settings.
    #[must_use]
    pub const fn new(sources: Vec<Source>, state: PathBuf) -> Self {
        let (linger, poll) = (Duration::from_millis(500), Duration::from_millis(250));
        Self { sources, state, memory: 16 << 20, linger, poll, max_open: 512 }
    }

    /// Checks the patterns; [`Shipper::open`] does it too.
    ///
    /// # Errors
    /// When a pattern is malformed.
    pub fn check(&self) -> Result<(), StartError> {
        self.sources.iter().try_for_each(Source::check)
    }
}

/// The share of a drain's time that reading may take; the rest is for sending.
const READING_SHARE: u32 = 2;
/// Between two looks pass so many times the duration of one, and at most a few seconds.
const REST: (u32, Duration) = (9, Duration::from_secs(5));

/// Tails files until told to drain.
#[derive(Debug)]
pub struct Shipper {
    settings: Settings,
    journal: Journal,
    client: Client,
    ledger: Arc<Ledger>,
}

/// The queues of all streams.
type Queues = HashMap<Arc<Target>, Arc<Queue<LogEvent>>>;

impl Outlet for Queues {
    fn offer(&mut self, event: LogEvent) -> Result<(), LogEvent> {
        match self.get(&event.target) {
            Some(queue) => queue.offer(event),
            None => Err(event),
        }
    }
}

impl Shipper {
    /// Opens the journal; reads no file yet.
    ///
    /// # Errors
    /// When the journal's folder cannot be had or a pattern is malformed.
    pub fn open(settings: Settings, aws: &SdkConfig, ledger: Arc<Ledger>) -> Result<Self, StartError> {
        settings.check()?;
        let journal = Journal::open(&settings.state).map_err(|error| StartError::Journal(settings.state.clone(), error))?;
        Ok(Self { settings, journal, client: Client::new(aws), ledger })
    }

    /// Ships until the drain is ordered; then reads once more to the end of all files, sends, and remembers.
    ///
    /// Files are read on a thread of its own: a disk that hangs holds up nothing else.
    pub async fn run(self, mut drain: DrainSignal) {
        let (pump_drain, pump_signal) = Drain::new();
        let progress = Arc::<Progress>::default();
        let (mut pumps, queues) = self.start_pumps(&pump_signal, &progress);
        let (stop, stopped) = mpsc::channel();
        let Self { settings, journal, ledger, .. } = self;
        let files = Files::new(&settings.sources, Books { journal, progress, ledger }, queues, settings.max_open);
        let reading = tokio::task::spawn_blocking(move || read(files, settings.poll, &stopped));
        drain.ordered().await;
        let deadline = drain.deadline().unwrap_or_else(tokio::time::Instant::now);
        let share = deadline.saturating_duration_since(tokio::time::Instant::now()) / READING_SHARE;
        if stop.send(share).is_err() {
            tracing::error!("the reading of log files ended before its time");
        }
        let files = reading.await;
        pump_drain.begin(deadline);
        while pumps.join_next().await.is_some() {}
        match files {
            Ok(files) => remember(files).await,
            Err(error) => tracing::error!(%error, "the reading of log files ended badly; positions are those of its last look"),
        }
    }

    /// A pipeline per stream: one that is refused or throttled does not hold up the others.
    fn start_pumps(&self, drain: &DrainSignal, progress: &Arc<Progress>) -> (JoinSet<()>, Queues) {
        let (mut pumps, mut queues) = (JoinSet::new(), Queues::new());
        let targets: std::collections::HashSet<Target> = self.settings.sources.iter().map(|source| source.target.clone()).collect();
        let memory = self.settings.memory / targets.len().max(1);
        for target in targets {
            let queue = Queue::new(memory, Arc::clone(&self.ledger));
            let backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(30));
            let settings = PumpSettings { concurrency: 1, backoff, max_age: MAX_AGE };
            let destination = Arc::new(PutLogEvents::new(self.client.clone(), Arc::clone(progress)));
            let batcher = LogBatcher { linger: self.settings.linger };
            let pump = Pump::new(Arc::clone(&queue), batcher, destination, settings, Arc::clone(&self.ledger));
            pumps.spawn(pump.run(drain.clone()));
            queues.insert(Arc::new(target), queue);
        }
        (pumps, queues)
    }
}

/// Looks at all files until told to stop, and then until they are read to their end or the time is over.
fn read(mut files: Files<Queues>, poll: Duration, stopped: &mpsc::Receiver<Duration>) -> Files<Queues> {
    let time = loop {
        let began = Now::read();
        let has_more = files.look(began);
        let took = Now::read().instant.duration_since(began.instant);
        let pause = if has_more { Duration::ZERO } else { poll.max((took * REST.0).min(REST.1)) };
        match stopped.recv_timeout(pause) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(time) => break time,
            Err(RecvTimeoutError::Disconnected) => return files,
        }
    };
    let until = Now::read().instant + time;
    loop {
        let now = Now::read();
        if now.instant >= until {
            tracing::warn!("files were not read to their end; the next start goes on there");
            return files;
        }
        if !files.look(now) && files.is_all_handed_on() {
            return files;
        }
        // Queues empty while their batches are sent.
        if stopped.recv_timeout(Duration::from_millis(1)) != Err(RecvTimeoutError::Timeout) {
            return files;
        }
    }
}

/// Writes down what was delivered since the last look.
async fn remember(mut files: Files<Queues>) {
    let written = tokio::task::spawn_blocking(move || files.remember()).await;
    if let Err(error) = written {
        tracing::error!(%error, "log positions could not be written");
    }
}
