//! Finds files: one look, and what becomes of a path that a pattern matches.

use std::io;
use std::path::PathBuf;

use super::files::{Files, Found, Look, Outlet, SeenAt};
use super::former::Former;
use super::rotation::Truncated;
use crate::clock::Now;
use crate::content::{Begin, Place};
use crate::generation::is_compressed;
use crate::identity::FileId;
use crate::links::Links;
use crate::listing::Listings;
use crate::tail::Tail;

impl<O: Outlet> Files<O> {
    /// Finds files, reads what is new, hands it on, remembers what is delivered. Whether there is more to read at once.
    pub(crate) fn look(&mut self, now: Now) -> bool {
        self.looks += 1;
        let mut look = Look { listings: Listings::default(), links: Links::default(), now };
        let rotated = self.match_patterns(&mut look);
        if self.looks == 1 {
            self.find_left_by_the_process_before(&mut look);
        }
        for former in rotated {
            self.find_generations(&former, &mut look);
        }
        self.examine(&mut look);
        let known = self.next;
        let has_more = self.read_all(&mut look);
        self.remember();
        // A copy that was found while reading is read next.
        has_more || self.next != known
    }

    /// Returns whether everything that was read is in the queues.
    pub(crate) fn is_all_handed_on(&self) -> bool {
        self.contents.values().all(|content| content.waiting.is_empty())
    }

    fn match_patterns(&mut self, look: &mut Look) -> Vec<Former> {
        let mut rotated = Vec::new();
        for source in 0..self.following.len() {
            let paths: Vec<PathBuf> =
                self.following[source].patterns.iter().flat_map(|pattern| pattern.matches(&mut look.listings)).collect();
            for path in paths {
                rotated.extend(self.meet(Place { path, source }, look));
            }
        }
        rotated
    }

    /// Registers the file at a path that a pattern matches, and returns the file that was there before if it is another.
    fn meet(&mut self, place: Place, look: &mut Look) -> Option<Former> {
        if place.path.file_name().and_then(|name| name.to_str()).is_some_and(is_compressed) {
            self.left_out.note(&place.path, "it is compressed");
            return None;
        }
        let (real, metadata) = match look.links.resolve(&place.path, self.following[place.source].follow_links) {
            Ok(found) => found,
            Err(reason) => {
                self.left_out.note(&place.path, &reason);
                return None;
            }
        };
        let found = Found { place, real, metadata, at: look.now.millis };
        let (id, target) = (found.id(), self.target(&found.place));
        let is_known = self.by_file.contains_key(&(id, target));
        let is_waiting = || self.left_out.is_waiting(&found.place.path, id, look.now.instant);
        if !is_known && (is_waiting() || !self.adopt(&found, look)) {
            return None;
        }
        let Found { place, real, metadata, .. } = found;
        if let Some(content) = self.by_file.get(&(id, target)).and_then(|number| self.contents.get_mut(number)) {
            // A file that several paths lead to keeps the first: its position would be written with each look.
            let is_first = content.seen_in != self.looks;
            (content.tail.path, content.seen_in, content.metadata) = (real, self.looks, Some(metadata));
            if is_first && content.place != place {
                content.place = place.clone();
                self.books.progress.touch(content.number);
            }
        }
        let seen = SeenAt { id, at: look.now.instant };
        let before = self.at_path.insert((place.path.clone(), target), seen).filter(|before| before.id != id)?;
        Some(self.former(place, before.id, look.now))
    }

    fn former(&self, place: Place, id: FileId, now: Now) -> Former {
        let content = self.by_file.get(&(id, self.target(&place))).and_then(|number| self.contents.get(number));
        let position = self.position_of(id, place.source);
        let at = content.map(|content| content.seen_at).or_else(|| position.map(|position| position.at)).unwrap_or(now.millis);
        let real = content.map(|content| content.tail.path.clone()).or_else(|| position?.real.clone());
        Former { real: real.unwrap_or_else(|| place.path.clone()), place, id, at }
    }

    /// The place of a path's stream among all.
    pub(crate) fn target(&self, place: &Place) -> usize {
        self.following[place.source].target
    }

    /// Begins to read a file, where the journal says or at its beginning. Whether it is one to read.
    pub(crate) fn adopt(&mut self, found: &Found, look: &mut Look) -> bool {
        self.begin(found, look).unwrap_or_else(|error| {
            self.failed(&found.place.path, found.id(), &error, look.now);
            false
        })
    }

    fn begin(&mut self, found: &Found, look: &mut Look) -> io::Result<bool> {
        let id = found.id();
        let new = || Tail::new(found.real.clone(), id);
        let begin = || Begin { number: None, place: found.place.clone(), at: found.at };
        // A file that was empty has nothing to be known by.
        let Some(position) = self.position_of(id, found.place.source).filter(|position| position.head.length > 0).cloned() else {
            if self.is_copy(found, look)? {
                return Ok(false);
            }
            self.insert(begin(), new(), look.now);
            return Ok(true);
        };
        let before = position.before();
        let resumed = Tail::resumed(found.real.clone(), id, &before)?;
        let is_truncated = resumed.is_none();
        self.insert(begin(), resumed.unwrap_or_else(new), look.now);
        if is_truncated {
            let real = position.real.unwrap_or_else(|| found.real.clone());
            let former = Former { place: found.place.clone(), real, id, at: position.at };
            self.find_copies(&Truncated { former, before, number: None }, look);
        }
        Ok(true)
    }
}
