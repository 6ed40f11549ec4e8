//! Files without a path that a pattern matches, and positions without a file: what is examined every few seconds, not with each look.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::examined::Resting;
use super::files::{Files, Found, Look, Outlet};
use super::former::Left;
use super::rotation::find_file;
use crate::clock::Now;
use crate::content::Place;
use crate::identity::FileId;
use crate::journal::Position;

/// Time between two examinations.
pub(super) const EVERY: Duration = Duration::from_secs(10);
/// Time for which positions wait for the folder of their files, and paths are remembered at which there is no file any more.
pub(super) const PATIENCE: Duration = Duration::from_secs(3_600);
/// Files that rest at most; of more, those that were registered last are examined.
const RESTING: usize = 20_000;

impl<O: Outlet> Files<O> {
    /// Registers a file that is read to its end and has no path that a pattern matches.
    pub(super) fn rest(&mut self, id: FileId, place: Place, (real, length): (PathBuf, u64)) {
        self.examined.registered += 1;
        let key = (id, self.target(&place));
        self.examined.resting.insert(key, Resting { place, real, length, number: self.examined.registered });
    }

    /// Keeps a position whose folder is not there.
    pub(super) fn wait_for_folder(&mut self, left: Left, now: Now) {
        let folder = left.place.path.parent().unwrap_or(&left.place.path).to_owned();
        self.left_out.note(&folder, "the folder is not there or cannot be read; the positions of its files are kept for an hour");
        self.examined.away.push((left, now.instant + PATIENCE));
    }

    /// Examines what rests and waits, if it is time, and forgets paths at which nothing has been for long.
    pub(super) fn examine(&mut self, look: &mut Look) {
        let now = look.now.instant;
        if now < *self.examined.again_at.get_or_insert(now + EVERY) {
            return;
        }
        self.examined.again_at = Some(now + EVERY);
        self.at_path.retain(|_, seen| now.duration_since(seen.at) < PATIENCE);
        self.left_out.forget_old(now);
        self.examine_resting(look);
        for (left, until) in std::mem::take(&mut self.examined.away) {
            self.examine_left(left, until, look);
        }
    }

    fn examine_resting(&mut self, look: &mut Look) {
        let oldest = self.examined.registered.saturating_sub(RESTING as u64);
        let resting = std::mem::take(&mut self.examined.resting);
        for ((id, target), resting) in resting {
            if self.by_file.contains_key(&(id, target)) {
                continue;
            }
            if resting.number <= oldest {
                self.left_out.note(
                    &resting.real,
                    "it was renamed long ago and is read to its end, as are 20,000 others; what is written to it is not read",
                );
                continue;
            }
            let is_it = |metadata: &std::fs::Metadata| FileId::of(metadata) == id;
            let at_path = resting.real.symlink_metadata().ok().filter(is_it).map(|metadata| (resting.real.clone(), metadata));
            match at_path.or_else(|| find_file(id, &resting.real, look)) {
                Some((real, metadata)) if metadata.len() != resting.length => {
                    let at = self.position_of(id, resting.place.source).map_or(look.now.millis, |position| position.at);
                    self.adopt(&Found { place: resting.place, real, metadata, at }, look);
                }
                Some((real, _)) => {
                    self.examined.resting.insert((id, target), Resting { real, ..resting });
                }
                None => self.forget(id, resting.place.source),
            }
        }
    }

    fn examine_left(&mut self, left: Left, until: Instant, look: &mut Look) {
        let folder = left.former().real.parent().map(PathBuf::from);
        let is_there = folder.is_some_and(|folder| !look.listings.folder(&folder).is_empty());
        let may_wait = look.now.instant < until;
        if is_there || !may_wait {
            let former = left.former();
            self.find_renamed(Left { may_wait, ..left }, look);
            self.find_generations(&former, look);
        } else {
            self.examined.away.push((left, until));
        }
    }

    /// Forgets the position of a file that was deleted.
    fn forget(&mut self, id: FileId, source: usize) {
        if let Some(position) = self.position_of(id, source).cloned() {
            self.write_down(&[Position { gone: true, ..position }]);
        }
    }
}
