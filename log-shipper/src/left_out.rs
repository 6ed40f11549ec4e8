//! [`LeftOut`]: files that are not read; each is logged once with the reason.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::identity::FileId;

/// Paths that are logged one by one, per reason.
const NAMED: usize = 20;
/// Paths that are remembered; with more, each may be logged once more.
const REMEMBERED: usize = 100_000;
/// Pause before a file that failed is tried again: the first, and the longest.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));

/// Files that are not read, with the reasons, and files that failed.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    reasons: HashMap<PathBuf, String>,
    by_reason: HashMap<String, usize>,
    failures: HashMap<PathBuf, Failing>,
}

/// Time after which a file that failed is forgotten if it was not tried again: no pattern matches it any more.
const FORGOTTEN: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug)]
struct Failing {
    /// Another file at the path has not failed.
    id: FileId,
    again_at: Instant,
    pause: Duration,
    attempts: u64,
}

impl LeftOut {
    /// Logs that a path is not read, unless it was logged for the same reason. Returns whether it was logged or counted now.
    pub(crate) fn note(&mut self, path: &Path, reason: &str) -> bool {
        if self.reasons.get(path).is_some_and(|before| before == reason) {
            return false;
        }
        if self.reasons.len() >= REMEMBERED {
            *self = Self { failures: std::mem::take(&mut self.failures), ..Self::default() };
        }
        self.reasons.insert(path.to_owned(), reason.to_owned());
        let told = self.by_reason.entry(reason.to_owned()).or_default();
        *told += 1;
        match *told {
            ..=NAMED => tracing::warn!(path = %path.display(), "a file that a pattern matches is not read: {reason}"),
            n if n == NAMED + 1 => tracing::warn!("more files are not read for the same reason and are not named: {reason}"),
            _ => {}
        }
        true
    }

    /// Notes that a path is read, or matches no more.
    pub(crate) fn is_read(&mut self, path: &Path) {
        if !self.reasons.is_empty() {
            self.reasons.remove(path);
        }
        if let Some(failing) = self.failures.remove(path) {
            tracing::info!(path = %path.display(), attempts = failing.attempts, "a log file can be read again");
        }
    }

    /// Returns the reason why a path is not read.
    #[cfg(test)]
    pub(crate) fn reason(&self, path: &Path) -> Option<&str> {
        self.reasons.get(path).map(String::as_str)
    }

    /// Returns whether the file at a path failed and its pause is not over.
    pub(crate) fn is_waiting(&self, path: &Path, id: FileId, now: Instant) -> bool {
        !self.failures.is_empty() && self.failures.get(path).is_some_and(|failing| failing.id == id && now < failing.again_at)
    }

    /// Forgets the failure of a file that is gone.
    pub(crate) fn forget(&mut self, path: &Path, id: FileId) {
        if self.failures.get(path).is_some_and(|failing| failing.id == id) {
            self.failures.remove(path);
        }
    }

    /// Forgets the failures of files that were not tried again.
    pub(crate) fn forget_old(&mut self, now: Instant) {
        self.failures.retain(|_, failing| now < failing.again_at + FORGOTTEN);
    }

    /// Notes a failure: the first is logged, later ones are counted.
    pub(crate) fn failed(&mut self, path: &Path, id: FileId, error: &std::io::Error, now: Instant) {
        let before = self.failures.get(path).copied().filter(|failing| failing.id == id);
        let pause = before.map_or(PATIENCE.0, |failing| (failing.pause * 2).min(PATIENCE.1));
        let attempts = before.map_or(0, |failing| failing.attempts) + 1;
        self.failures.insert(path.to_owned(), Failing { id, again_at: now + pause, pause, attempts });
        if before.is_none() {
            let remedy = if error.kind() == std::io::ErrorKind::PermissionDenied {
                "; give the agent's user or one of its groups (adm, with systemd: SupplementaryGroups=adm) the right to read it"
            } else {
                ""
            };
            tracing::warn!(path = %path.display(), %error, "a log file cannot be read and is tried again{remedy}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_told_once_and_another_is_news() {
        let mut left = LeftOut::default();
        let path = Path::new("/a.gz");
        assert!(left.note(path, "it is compressed") && !left.note(path, "it is compressed") && left.note(path, "it is a link"));
        left.is_read(path);
        assert!(left.note(path, "it is a link"));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "an instant to count from")]
    fn failures_are_tried_again_at_growing_distances() {
        let (mut left, path, now) = (LeftOut::default(), Path::new("/a.log"), Instant::now());
        let error = || std::io::ErrorKind::PermissionDenied.into();
        let (seconds, id) = (Duration::from_secs, FileId { device: 1, inode: 2, born: 3 });
        let another = FileId { born: 4, ..id };
        left.failed(path, id, &error(), now);
        assert!(left.is_waiting(path, id, now + seconds(4)) && !left.is_waiting(path, id, now + seconds(5)));
        assert!(!left.is_waiting(path, another, now), "another file at the path has not failed");
        (0..10).for_each(|_| left.failed(path, id, &error(), now));
        assert!(left.is_waiting(path, id, now + seconds(299)) && !left.is_waiting(path, id, now + seconds(300)));
        left.is_read(path);
        assert!(!left.is_waiting(path, id, now));
        left.failed(path, id, &error(), now);
        left.forget_old(now + seconds(64));
        assert!(left.failures.len() == 1, "it may be tried again");
        left.forget_old(now + seconds(65));
        assert!(left.failures.is_empty());
    }
}
