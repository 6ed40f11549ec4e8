//! [`Shipper`]: finds, tails, delivers, remembers.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use telemetry_delivery::{Backoff, Drain, DrainSignal, Ledger, Pump, PumpSettings, Queue};
use tokio::time::Instant;

use crate::batch::LogBatcher;
use crate::clock::now_millis;
use crate::discover::{files, siblings};
use crate::event::{LogEvent, Target};
use crate::identity::FileId;
use crate::journal::{Journal, Position};
use crate::progress::Progress;
use crate::put_log_events::PutLogEvents;
use crate::tail::{Line, Tail};
use crate::timestamp;

/// Files that go to one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    paths: Vec<String>,
    group: String,
    stream: String,
}

impl Source {
    /// Patterns such as `/var/log/app/*.log`; without a stream the host's name is taken.
    #[must_use]
    pub fn new(paths: Vec<String>, group: &str, stream: Option<&str>) -> Self {
        let stream = stream.map_or_else(host_name, str::to_owned);
        Self { paths, group: group.to_owned(), stream }
    }
}

/// `/etc/hostname`, else `localhost`; without the characters that a stream's name may not have.
fn host_name() -> String {
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let name = name.trim().replace([':', '*'], "-");
    if name.is_empty() { "localhost".into() } else { name }
}

/// How the shipper works.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// What to tail.
    pub sources: Vec<Source>,
    /// The folder of the journal.
    pub state: PathBuf,
    /// Bytes of lines that may wait; reading stops when they do. Default 16 MB.
    pub memory: usize,
    /// How long a batch waits for company. Default 500 ms; the AWS agents wait 5 s.
    pub linger: Duration,
    /// How often files are looked at. Default 250 ms.
    pub poll: Duration,
}

impl Settings {
    /// Default settings.
    #[must_use]
    pub const fn new(sources: Vec<Source>, state: PathBuf) -> Self {
        Self { sources, state, memory: 16 << 20, linger: Duration::from_millis(500), poll: Duration::from_millis(250) }
    }
}

/// Why the shipper did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The journal cannot be read or made.
    #[error("log positions in {0}: {1}; set another folder with `logs.state`")]
    Journal(PathBuf, std::io::Error),
    /// A pattern is malformed.
    #[error("the pattern `{0}`: {1}")]
    Pattern(String, glob::PatternError),
}

/// CloudWatch takes events of 14 days.
const MAX_AGE: Duration = Duration::from_secs(14 * 86_400);
/// Looks at a renamed file that brought nothing before it is let go: writers keep it until they are told of the rotation.
const QUIET_LOOKS: u32 = 40;

/// Tails files until told to drain.
#[derive(Debug)]
pub struct Shipper {
    settings: Settings,
    journal: Journal,
    progress: Arc<Progress>,
    queue: Arc<Queue<LogEvent>>,
    destination: Arc<PutLogEvents>,
    ledger: Arc<Ledger>,
    tails: HashMap<FileId, Open>,
}

#[derive(Debug)]
struct Open {
    tail: Tail,
    target: Arc<Target>,
    quiet_looks: u32,
    last_time: Option<i64>,
}

impl Shipper {
    /// Opens the journal; reads no file yet.
    ///
    /// # Errors
    /// When the journal's folder cannot be had or a pattern is malformed.
    pub fn open(settings: Settings, aws: &SdkConfig, ledger: Arc<Ledger>) -> Result<Self, StartError> {
        for pattern in settings.sources.iter().flat_map(|source| &source.paths) {
            glob::Pattern::new(pattern).map_err(|error| StartError::Pattern(pattern.clone(), error))?;
        }
        let journal = Journal::open(&settings.state).map_err(|error| StartError::Journal(settings.state.clone(), error))?;
        let progress = Arc::new(Progress::default());
        let client = aws_sdk_cloudwatchlogs::Client::new(aws);
        let destination = Arc::new(PutLogEvents { client, progress: Arc::clone(&progress) });
        let queue = Queue::new(settings.memory, Arc::clone(&ledger));
        Ok(Self { settings, journal, progress, queue, destination, ledger, tails: HashMap::new() })
    }

    /// Ships until the drain is ordered; then reads once more to the end of all files, sends, and remembers.
    pub async fn run(mut self, mut drain: DrainSignal) {
        let (pump_drain, pump_signal) = Drain::new();
        let settings =
            PumpSettings { concurrency: 1, backoff: Backoff::new(Duration::from_millis(200), Duration::from_secs(30)), max_age: MAX_AGE };
        let batcher = LogBatcher { linger: self.settings.linger };
        let pump = Pump::new(Arc::clone(&self.queue), batcher, Arc::clone(&self.destination), settings, Arc::clone(&self.ledger));
        let pump = tokio::spawn(pump.run(pump_signal));
        while drain.deadline().is_none() {
            let brought_something = tokio::select! {
                brought = self.look_at_all() => brought,
                _ = drain.ordered() => break,
            };
            self.remember();
            if !brought_something {
                tokio::select! {
                    () = tokio::time::sleep(self.settings.poll) => {}
                    _ = drain.ordered() => {}
                }
            }
        }
        let deadline = drain.deadline().unwrap_or_else(Instant::now);
        let last_look = async { while self.look_at_all().await {} };
        if tokio::time::timeout_at(deadline, last_look).await.is_err() {
            tracing::warn!("files were not read to their end; the next start goes on there");
        }
        pump_drain.begin(deadline);
        if let Err(error) = pump.await {
            tracing::error!(%error, "the delivery of logs ended badly");
        }
        self.remember();
    }

    /// Looks at each file once. Whether any brought lines.
    async fn look_at_all(&mut self) -> bool {
        self.discover();
        let mut brought_something = false;
        let ids: Vec<FileId> = self.tails.keys().copied().collect();
        for id in ids {
            brought_something |= self.look_at(id).await;
        }
        brought_something
    }

    fn discover(&mut self) {
        for source in self.settings.sources.clone() {
            for path in files(&source.paths) {
                self.open_tail(path.clone(), &source);
                self.open_rotated(&path, &source);
            }
        }
    }

    fn open_tail(&mut self, path: PathBuf, source: &Source) {
        let Ok(metadata) = path.metadata() else { return };
        let id = FileId::of(&metadata);
        if let Some(open) = self.tails.get_mut(&id) {
            open.tail.path = path;
            return;
        }
        match Tail::open(path.clone(), 0).and_then(|tail| self.resume(tail)) {
            Ok(tail) => {
                let target = Arc::new(Target { group: source.group.clone(), stream: source.stream.clone() });
                self.tails.insert(tail.id, Open { tail, target, quiet_looks: 0, last_time: None });
            }
            Err(error) => tracing::warn!(path = %path.display(), %error, "a log file cannot be opened"),
        }
    }

    /// A renamed generation is opened only if the journal says that it has lines left.
    fn open_rotated(&mut self, path: &std::path::Path, source: &Source) {
        for sibling in siblings(path) {
            let Ok(metadata) = sibling.metadata() else { continue };
            let id = FileId::of(&metadata);
            let has_more = self.journal.position(id).is_some_and(|position| position.offset < metadata.len());
            if has_more && !self.tails.contains_key(&id) {
                self.open_tail(sibling, source);
            }
        }
    }

    /// Goes on where the journal says, if it is the same file: same inode, same head, not shorter. Else from the beginning: in
    /// doubt lines are repeated, never skipped.
    fn resume(&self, mut tail: Tail) -> std::io::Result<Tail> {
        let known = self.journal.position(tail.id);
        let offset = match known {
            Some(position) if tail.is_continued(&position.head, position.offset)? => position.offset,
            _ => 0,
        };
        self.progress.begin(tail.id, offset);
        tail.seek(offset);
        Ok(tail)
    }

    async fn look_at(&mut self, id: FileId) -> bool {
        let Some(open) = self.tails.get_mut(&id) else { return false };
        let glance = match open.tail.look() {
            Ok(glance) => glance,
            Err(error) => {
                tracing::warn!(path = %open.tail.path.display(), %error, "a log file cannot be read");
                return false;
            }
        };
        if glance.was_truncated {
            tracing::warn!(path = %open.tail.path.display(), "the file was truncated; lines between the last look and that may be lost");
            self.progress.begin(id, 0);
        }
        let brought_something = !glance.lines.is_empty();
        open.quiet_looks = if brought_something { 0 } else { open.quiet_looks + 1 };
        for line in glance.lines {
            self.send(id, line).await;
        }
        if !brought_something {
            self.let_go(id).await;
        }
        brought_something
    }

    /// An empty line is no event: the service refuses it. Its bytes are done.
    async fn send(&mut self, id: FileId, line: Line) {
        let Some(open) = self.tails.get_mut(&id) else { return };
        if line.text.is_empty() {
            return self.progress.ended(id, line.from, line.to);
        }
        let time = timestamp::of_line(&line.text).or(open.last_time.filter(|time| now_millis() - time < 60_000)).unwrap_or_else(now_millis);
        open.last_time = Some(time);
        let event =
            LogEvent { target: Arc::clone(&open.target), timestamp: time, message: line.text, file: id, from: line.from, to: line.to };
        self.queue.push_when_there_is_room(event).await;
    }

    /// Closes a file that was renamed or deleted, once it has been quiet and is delivered.
    async fn let_go(&mut self, id: FileId) {
        let Some(open) = self.tails.get_mut(&id) else { return };
        let is_elsewhere =
            open.tail.path.metadata().map_or(true, |metadata| FileId::of(&metadata) != id) || open.tail.is_gone().unwrap_or(true);
        if !is_elsewhere || open.quiet_looks < QUIET_LOOKS || !open.tail.is_at_end().unwrap_or(true) {
            return;
        }
        if let Some(last) = open.tail.last_line() {
            return self.send(id, last).await;
        }
        if self.progress.done_to(id).is_none_or(|done| Some(done) >= self.tails.get(&id).map(|open| open.tail.offset())) {
            self.remember();
            self.tails.remove(&id);
        }
    }

    /// Writes down how far delivery has got. A disk that is full costs repeated lines after a restart, nothing now.
    fn remember(&mut self) {
        let positions: Vec<Position> = self
            .progress
            .take_changes()
            .into_iter()
            .filter_map(|(file, offset)| Some(Position { file, head: self.tails.get(&file)?.tail.head, offset }))
            .collect();
        if let Err(error) = self.journal.record(&positions) {
            tracing::warn!(%error, "log positions could not be written; lines would be sent twice after a restart");
        }
    }
}
