//! [`Content`]: a file that is being read, and the events that came of it.

use std::collections::VecDeque;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use crate::clock::{Now, millis};
use crate::event::{LogEvent, Target};
use crate::lines::{Line, Lines};
use crate::progress::Progress;
use crate::tail::Tail;
use crate::timestamp;

/// CloudWatch takes events of 14 days.
pub(crate) const MAX_AGE: Duration = Duration::from_secs(14 * 86_400);
/// And of two hours ahead, in milliseconds.
const MAX_AHEAD: i64 = 2 * 3_600_000;
/// Lines without a time take that of the line before, in this distance in time, or in lines if they were read together.
const RECENT: (i64, u32) = (60_000, 1_000);
/// Lines whose time is examined for being out of range, per content.
const EXAMINED: u32 = 100;

/// A path that a pattern of a source matches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    /// The place of the source among all.
    pub(crate) source: usize,
}

impl Place {
    /// The folder, and the name in it; none for a name that is not UTF-8, which is none of rotation's.
    pub(crate) fn folder_and_name(&self) -> Option<(&Path, &str)> {
        Some((self.path.parent()?, self.path.file_name()?.to_str()?))
    }
}

/// The destination of lines, and how their times are read.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) to: Arc<Target>,
    /// Of times without an offset.
    pub(crate) zone: Option<TimeZone>,
}

/// The beginning of a content.
#[derive(Debug)]
pub(crate) struct Begin {
    /// The number of a content that continues in another file.
    pub(crate) number: Option<u64>,
    pub(crate) place: Place,
    /// Milliseconds since the epoch when the file was last seen at the path.
    pub(crate) at: i64,
}

/// The content of a file that is being read. Its number is that of [`Progress`].
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) number: u64,
    pub(crate) tail: Tail,
    pub(crate) place: Place,
    output: Output,
    /// Read and not yet taken by the queue. Nothing more is read while there are any.
    pub(crate) waiting: VecDeque<LogEvent>,
    /// The moment when it last grew.
    pub(crate) grown_at: Instant,
    /// Metadata that the current look found at its path.
    pub(crate) metadata: Option<Metadata>,
    /// The number of the look that found it under a pattern.
    pub(crate) seen_in: u64,
    /// Milliseconds since the epoch when the file was last seen at the path, with this content.
    pub(crate) seen_at: i64,
    /// No path leads to it any more, and it was closed.
    pub(crate) is_gone: bool,
    times: Times,
    told: Told,
}

/// Times of the lines so far.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    last: Option<i64>,
    /// Lines since, of those that were read together.
    lines: Option<u32>,
    /// Time of the file's last write, in milliseconds since the epoch.
    modified: i64,
    examined: u32,
}

/// Warnings that were logged; each is logged once per content.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    invalid: bool,
    zeros: bool,
    out_of_range: bool,
}

impl Content {
    pub(crate) fn new(begin: Begin, tail: Tail, output: Output, now: Now) -> Self {
        let Begin { number, place, at: seen_at } = begin;
        let (number, waiting, grown_at) = (number.unwrap_or_default(), VecDeque::new(), now.instant);
        let (times, told) = (Times { modified: now.millis, ..Times::default() }, Told::default());
        Self { number, tail, place, output, waiting, grown_at, metadata: None, seen_in: 0, seen_at, is_gone: false, times, told }
    }

    /// Makes events of lines. An empty line is none, since the service refuses it; its bytes are done.
    pub(crate) fn take(&mut self, lines: Lines, progress: &Progress, now: Now) {
        self.tell_oddities(&lines);
        self.times.lines = None;
        for Line { text, from, to: end } in lines.lines {
            if text.is_empty() {
                progress.ended(self.number, from, end);
                continue;
            }
            let timestamp = self.time_of(&text, now);
            let target = Arc::clone(&self.output.to);
            self.waiting.push_back(LogEvent { target, timestamp, message: text, content: self.number, from, to: end });
        }
    }

    pub(crate) fn note_modified(&mut self, metadata: &Metadata) {
        self.times.modified = metadata.modified().map_or(i64::MAX, millis);
    }

    /// The line's own time, if the service would take it. Else that of the line before, if it is near, else when the file was last
    /// written to: a backlog is not of now.
    fn time_of(&mut self, line: &str, now: Now) -> i64 {
        let oldest = now.millis - i64::try_from(MAX_AGE.as_millis()).unwrap_or(i64::MAX);
        let range = oldest..=now.millis + MAX_AHEAD;
        if let Some(time) = timestamp::of_line(line, self.output.zone.as_ref(), &range) {
            (self.times.last, self.times.lines) = (Some(time), Some(0));
            return time;
        }
        self.tell_out_of_range(line);
        let written = self.times.modified.clamp(oldest, now.millis);
        let is_near = |time: i64| (written - time).abs() < RECENT.0 || self.times.lines.is_some_and(|lines| lines < RECENT.1);
        let time = self.times.last.filter(|time| range.contains(time) && is_near(*time)).unwrap_or(written);
        self.times.lines = self.times.lines.map(|lines| lines + 1);
        time
    }

    fn tell_out_of_range(&mut self, line: &str) {
        if self.told.out_of_range || self.times.examined >= EXAMINED {
            return;
        }
        self.times.examined += 1;
        if timestamp::of_line(line, self.output.zone.as_ref(), &(i64::MIN..=i64::MAX)).is_some() {
            self.told.out_of_range = true;
            tracing::warn!(
                path = %self.place.path.display(),
                "lines have times that CloudWatch refuses, older than 14 days or more than 2 hours ahead; they are sent with the time of their arrival"
            );
        }
    }

    fn tell_oddities(&mut self, lines: &Lines) {
        let path = self.place.path.display();
        if lines.oddities.invalid > 0 && !std::mem::replace(&mut self.told.invalid, true) {
            tracing::warn!(%path, bytes = lines.oddities.invalid, "bytes that are not UTF-8 are sent as U+FFFD; write logs as UTF-8");
        }
        if lines.oddities.zeros > 0 && !std::mem::replace(&mut self.told.zeros, true) {
            tracing::warn!(%path, bytes = lines.oddities.zeros, "zero bytes are left out: the writer went on at its old place after a truncation; open logs with O_APPEND");
        }
    }
}
