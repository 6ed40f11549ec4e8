//! [`Files`]: all files of all sources, and what a look at them has.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use telemetry_delivery::{Ledger, LossReason};

use super::examined::Examined;
use crate::clock::Now;
use crate::content::{Content, Output, Place};
use crate::event::{LogEvent, Target};
use crate::identity::FileId;
use crate::journal::Journal;
use crate::left_out::LeftOut;
use crate::links::{FollowLinks, Links};
use crate::listing::Listings;
use crate::pattern::Pattern;
use crate::progress::Progress;
use crate::source::Source;

/// A file was deleted before all of it was read.
pub(crate) const DELETED: LossReason = LossReason("deleted_unread");
/// A file was truncated before all of it was read, and has no copy.
pub(crate) const TRUNCATED: LossReason = LossReason("truncated_unread");

/// Takes events, such as the queues of all streams.
pub(crate) trait Outlet {
    /// Takes an event, or gives it back when there is no room.
    fn offer(&mut self, event: LogEvent) -> Result<(), LogEvent>;
}

/// A source with its patterns parsed.
#[derive(Debug)]
pub(crate) struct Following {
    pub(super) patterns: Vec<Pattern>,
    pub(super) follow_links: FollowLinks,
    pub(crate) output: Output,
    /// The place of its stream among all.
    pub(crate) target: usize,
}

/// The records of a shipper: positions, progress and losses.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) journal: Journal,
    pub(crate) progress: Arc<Progress>,
    pub(crate) ledger: Arc<Ledger>,
}

/// One look: the folders as they are, and the time.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) listings: Listings,
    pub(crate) links: Links,
    pub(crate) now: Now,
}

/// A regular file that a path leads to.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) place: Place,
    pub(crate) real: PathBuf,
    pub(crate) metadata: Metadata,
    /// Milliseconds since the epoch when it was last seen at the path, or another in its place.
    pub(crate) at: i64,
}

/// The file that was last seen at a path, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeenAt {
    pub(crate) id: FileId,
    pub(crate) at: Instant,
}

impl Found {
    pub(crate) fn id(&self) -> FileId {
        FileId::of(&self.metadata)
    }
}

impl Following {
    pub(crate) fn matches(&self, path: &Path) -> bool {
        self.patterns.iter().any(|pattern| pattern.is_match(path))
    }
}

/// All files of all sources.
#[derive(Debug)]
pub(crate) struct Files<O> {
    pub(crate) following: Vec<Following>,
    pub(crate) books: Books,
    pub(crate) left_out: LeftOut,
    pub(super) outlet: O,
    /// By number, so that their order stays.
    pub(crate) contents: BTreeMap<u64, Content>,
    /// Numbers by file and stream.
    pub(crate) by_file: HashMap<(FileId, usize), u64>,
    /// The files that were last seen at paths that a pattern matches.
    pub(crate) at_path: HashMap<(PathBuf, usize), SeenAt>,
    pub(super) examined: Examined,
    /// Numbers of open files, those opened first in front.
    pub(super) open: VecDeque<u64>,
    pub(super) max_open: usize,
    pub(super) next: u64,
    pub(crate) looks: u64,
    /// Contents with events that wait.
    pub(super) unsent: BTreeSet<u64>,
    /// Streams whose queue is full.
    pub(super) full: HashSet<usize>,
    /// Number of the content that the next look reads first: files take turns.
    pub(super) turn: u64,
    /// Bytes of lines without an end in memory, at most.
    pub(super) pending: u64,
}

impl<O: Outlet> Files<O> {
    /// Reads nothing yet. At most `max_open` files are open at once.
    pub(crate) fn new(sources: &[Source], books: Books, outlet: O, max_open: usize) -> Self {
        let mut targets: Vec<Arc<Target>> = sources.iter().map(|source| Arc::new(source.target.clone())).collect();
        targets.sort();
        targets.dedup();
        let following = |source: &Source| {
            let target = targets.iter().position(|target| **target == source.target)?;
            let output = Output { to: Arc::clone(targets.get(target)?), zone: source.zone.clone() };
            let patterns = source.paths.iter().filter_map(|path| Pattern::new(path).ok()).collect();
            Some(Following { patterns, follow_links: source.follow_links, output, target })
        };
        let following = sources.iter().filter_map(following).collect();
        Self {
            following,
            books,
            left_out: LeftOut::default(),
            outlet,
            contents: BTreeMap::new(),
            by_file: HashMap::new(),
            at_path: HashMap::new(),
            examined: Examined::default(),
            open: VecDeque::new(),
            max_open: max_open.max(1),
            next: 0,
            looks: 0,
            unsent: BTreeSet::new(),
            full: HashSet::new(),
            turn: 0,
            pending: 0,
        }
    }
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
