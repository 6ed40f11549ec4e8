//! [`Shipper`]: finds, tails, delivers, remembers.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_cloudwatchlogs::Client;
use telemetry_delivery::{Backoff, Drain, DrainSignal, Ledger, Pump, PumpSettings, Queue};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::batch::LogBatcher;
use crate::clock::now_millis;
use crate::discover::{files, rotated};
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

    fn target(&self) -> Target {
        Target { group: self.group.clone(), stream: self.stream.clone() }
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
/// And of two hours ahead, in milliseconds.
const MAX_AHEAD: i64 = 2 * 3_600_000;
/// How long a renamed file is kept after its last line: writers go on with it until they are told of the rotation.
const LINGERING: Duration = Duration::from_secs(10);
/// How often folders are searched for renamed files.
const ROTATION_EVERY: Duration = Duration::from_secs(5);
/// The share of a drain's time that reading may take; the rest is for sending.
const READING_SHARE: u32 = 2;

/// Tails files until told to drain.
#[derive(Debug)]
pub struct Shipper {
    settings: Settings,
    journal: Journal,
    progress: Arc<Progress>,
    lines: HashMap<Arc<Target>, Arc<Queue<LogEvent>>>,
    client: Client,
    ledger: Arc<Ledger>,
    tails: HashMap<FileId, Open>,
    rotation_due: Instant,
}

#[derive(Debug)]
struct Open {
    tail: Tail,
    target: Arc<Target>,
    generation: u32,
    /// Read and not yet taken by the queue. Nothing more is read while there are any.
    waiting: VecDeque<LogEvent>,
    last_line_at: Instant,
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
        let client = Client::new(aws);
        let (progress, lines, tails) = (Arc::default(), HashMap::new(), HashMap::new());
        Ok(Self { settings, journal, progress, lines, client, ledger, tails, rotation_due: Instant::now() })
    }

    /// Ships until the drain is ordered; then reads once more to the end of all files, sends, and remembers.
    pub async fn run(mut self, mut drain: DrainSignal) {
        let (pump_drain, pump_signal) = Drain::new();
        let mut pumps = self.start_pumps(&pump_signal);
        while drain.deadline().is_none() {
            let is_busy = self.look_at_all();
            self.remember();
            let pause = if is_busy { Duration::ZERO } else { self.settings.poll };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = drain.ordered() => {}
            }
        }
        let deadline = drain.deadline().unwrap_or_else(Instant::now);
        self.read_to_the_end(deadline).await;
        pump_drain.begin(deadline);
        while pumps.join_next().await.is_some() {}
        self.remember();
    }

    /// A line of delivery per stream: one that is refused or throttled does not hold up the others.
    fn start_pumps(&mut self, drain: &DrainSignal) -> JoinSet<()> {
        let mut pumps = JoinSet::new();
        let targets: HashSet<Arc<Target>> = self.settings.sources.iter().map(|source| Arc::new(source.target())).collect();
        let memory = self.settings.memory / targets.len().max(1);
        for target in targets {
            let queue = Queue::new(memory, Arc::clone(&self.ledger));
            let backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(30));
            let settings = PumpSettings { concurrency: 1, backoff, max_age: MAX_AGE };
            let destination = Arc::new(PutLogEvents { client: self.client.clone(), progress: Arc::clone(&self.progress) });
            let batcher = LogBatcher { linger: self.settings.linger };
            let pump = Pump::new(Arc::clone(&queue), batcher, destination, settings, Arc::clone(&self.ledger));
            pumps.spawn(pump.run(drain.clone()));
            self.lines.insert(target, queue);
        }
        pumps
    }

    /// The last look of a drain. What is not read stays in the files for the next start.
    async fn read_to_the_end(&mut self, deadline: Instant) {
        let now = Instant::now();
        let until = now + deadline.saturating_duration_since(now) / READING_SHARE;
        while self.look_at_all() && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if self.tails.values().any(|open| !open.waiting.is_empty()) {
            tracing::warn!("files were not read to their end; the next start goes on there");
        }
    }

    /// Looks at each file once, without waiting for anything. Whether there may be more at once.
    fn look_at_all(&mut self) -> bool {
        self.discover();
        let ids: Vec<FileId> = self.tails.keys().copied().collect();
        ids.into_iter().fold(false, |is_busy, id| self.look_at(id) | is_busy)
    }

    fn discover(&mut self) {
        let mut found: Vec<(PathBuf, Source)> = Vec::new();
        for source in &self.settings.sources {
            found.extend(files(&source.paths).into_iter().map(|path| (path, source.clone())));
        }
        for (path, source) in &found {
            self.open_tail(path.clone(), source);
        }
        if Instant::now() >= self.rotation_due {
            self.rotation_due = Instant::now() + ROTATION_EVERY;
            self.discover_rotated(&found);
        }
    }

    /// A renamed generation is opened only if the journal says that it has lines left. Files that are gone are looked for too:
    /// their successors may not be there yet.
    fn discover_rotated(&mut self, found: &[(PathBuf, Source)]) {
        let claimed: Vec<PathBuf> = found.iter().map(|(path, _)| path.clone()).collect();
        let exact =
            self.settings.sources.iter().flat_map(|source| source.paths.iter().map(move |path| (PathBuf::from(path), source.clone())));
        let bases: Vec<(PathBuf, Source)> = found.iter().cloned().chain(exact.filter(|(path, _)| !claimed.contains(path))).collect();
        for (base, source) in bases {
            for path in rotated(&base, &claimed) {
                let Ok(metadata) = path.symlink_metadata() else { continue };
                let has_more = self.journal.position(FileId::of(&metadata)).is_some_and(|position| position.offset < metadata.len());
                if has_more {
                    self.open_tail(path, &source);
                }
            }
        }
    }

    fn open_tail(&mut self, path: PathBuf, source: &Source) {
        let Ok(metadata) = path.symlink_metadata() else { return };
        if let Some(open) = self.tails.get_mut(&FileId::of(&metadata)) {
            open.tail.path = path;
            return;
        }
        match Tail::open(path.clone(), 0).and_then(|tail| self.resume(tail)) {
            Ok((tail, generation)) => {
                let (target, waiting) = (Arc::new(source.target()), VecDeque::new());
                self.tails.insert(tail.id, Open { tail, target, generation, waiting, last_line_at: Instant::now(), last_time: None });
            }
            Err(error) => tracing::warn!(path = %path.display(), %error, "a log file cannot be opened"),
        }
    }

    /// Goes on where the journal says, if it is the same file: same inode, same head, not shorter. Else from the beginning: in
    /// doubt lines are repeated, never skipped.
    fn resume(&self, mut tail: Tail) -> std::io::Result<(Tail, u32)> {
        let offset = match self.journal.position(tail.id) {
            Some(position) if tail.is_continued(&position.head, position.offset)? => position.offset,
            _ => 0,
        };
        tail.seek(offset);
        let generation = self.progress.begin(tail.id, offset);
        Ok((tail, generation))
    }

    fn look_at(&mut self, id: FileId) -> bool {
        if !self.send_waiting(id) {
            return false;
        }
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
            open.generation = self.progress.begin(id, 0);
        }
        if glance.lines.is_empty() {
            self.let_go(id);
            return false;
        }
        open.last_line_at = Instant::now();
        for line in glance.lines {
            open.take(line, &self.progress);
        }
        self.send_waiting(id)
    }

    /// Hands waiting events to the queue. Whether all went.
    fn send_waiting(&mut self, id: FileId) -> bool {
        let Some(open) = self.tails.get_mut(&id) else { return false };
        let Some(queue) = self.lines.get(&open.target) else { return false };
        while let Some(event) = open.waiting.pop_front() {
            if let Err(event) = queue.offer(event) {
                open.waiting.push_front(event);
                return false;
            }
        }
        true
    }

    /// Closes a file that was renamed or deleted, once it has been quiet for long enough and is delivered.
    fn let_go(&mut self, id: FileId) {
        let Some(open) = self.tails.get_mut(&id) else { return };
        let is_elsewhere =
            open.tail.path.symlink_metadata().map_or(true, |metadata| FileId::of(&metadata) != id) || open.tail.is_gone().unwrap_or(true);
        if !is_elsewhere || open.last_line_at.elapsed() < LINGERING || !open.tail.is_at_end().unwrap_or(true) {
            return;
        }
        if let Some(last) = open.tail.last_line() {
            return open.take(last, &self.progress);
        }
        if self.progress.done_to(id).is_none_or(|done| done >= open.tail.offset()) {
            self.remember();
            self.tails.remove(&id);
        }
    }

    /// Writes down how far delivery has got. A disk that is full costs repeated lines after a restart, nothing now.
    fn remember(&mut self) {
        let moved = self.progress.take_changes().into_iter();
        let positions: Vec<Position> =
            moved.filter_map(|(file, offset)| Some(Position { file, head: self.tails.get(&file)?.tail.head, offset })).collect();
        if let Err(error) = self.journal.record(&positions) {
            tracing::warn!(%error, "log positions could not be written; lines would be sent twice after a restart");
        }
    }
}

impl Open {
    /// Makes an event of a line. An empty line is none, since the service refuses it; its bytes are done.
    fn take(&mut self, line: Line, progress: &Progress) {
        if line.text.is_empty() {
            return progress.ended(self.tail.id, self.generation, line.from, line.to);
        }
        let timestamp = self.time_of(&line.text);
        self.last_time = Some(timestamp);
        let (target, file, generation) = (Arc::clone(&self.target), self.tail.id, self.generation);
        self.waiting.push_back(LogEvent { target, timestamp, message: line.text, file, generation, from: line.from, to: line.to });
    }

    /// The line's own time, if the service would take it: a field called `time` may be a duration. Else that of the line before,
    /// if it is recent, else now.
    fn time_of(&self, line: &str) -> i64 {
        const RECENT: i64 = 60_000;
        let now = now_millis();
        let oldest = now - i64::try_from(MAX_AGE.as_millis()).unwrap_or(i64::MAX);
        let own = timestamp::of_line(line).filter(|time| (oldest..=now + MAX_AHEAD).contains(time));
        own.or(self.last_time.filter(|time| now - time < RECENT)).unwrap_or(now)
    }
}
