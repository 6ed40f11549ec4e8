//! Finds files: one look, and what becomes of a path that a pattern matches.

use std::io;
use std::path::PathBuf;

use super::files::{Files, Found, Look, Outlet, Rotated};
use super::rotation::Truncated;
use crate::clock::Now;
use crate::content::Place;
use crate::generation::is_compressed;
use crate::links::resolve;
use crate::listing::Listings;
use crate::tail::Tail;

impl<O: Outlet> Files<O> {
    /// Finds files, reads what is new, hands it on, remembers what is delivered. Whether there is more to read at once.
    pub(crate) fn look(&mut self, now: Now) -> bool {
        self.looks += 1;
        let mut look = Look { listings: Listings::default(), now };
        let rotated = self.match_patterns(&mut look);
        if self.looks == 1 {
            self.find_left_by_the_process_before(&mut look);
        }
        for rotated in rotated {
            self.find_generations(&rotated, &mut look);
        }
        let has_more = self.read_all(&mut look);
        self.limit_pending();
        self.remember(now);
        has_more
    }

    /// Returns whether everything that was read is in the queues.
    pub(crate) fn is_all_handed_on(&self) -> bool {
        self.contents.values().all(|content| content.waiting.is_empty())
    }

    fn match_patterns(&mut self, look: &mut Look) -> Vec<Rotated> {
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

    /// Registers the file at a path that a pattern matches, and returns the rotation if the path had another file before.
    fn meet(&mut self, place: Place, look: &mut Look) -> Option<Rotated> {
        if place.path.file_name().and_then(|name| name.to_str()).is_some_and(is_compressed) {
            self.left_out.note(&place.path, "it is compressed");
            return None;
        }
        if self.left_out.is_waiting(&place.path, look.now.instant) {
            return None;
        }
        let (real, metadata) = match resolve(&place.path, self.following[place.source].follow_links) {
            Ok(found) => found,
            Err(reason) => {
                self.left_out.note(&place.path, &reason);
                return None;
            }
        };
        let found = Found { place, real, metadata };
        let (id, target) = (found.id(), self.target(&found.place));
        if !self.by_file.contains_key(&(id, target)) && !self.adopt(&found, look) {
            return None;
        }
        let Found { place, real, metadata } = found;
        if let Some(content) = self.by_file.get(&(id, target)).and_then(|number| self.contents.get_mut(number)) {
            // A file that several paths lead to keeps the first: its position would be written with each look.
            let is_first = content.seen_in != self.looks;
            (content.tail.path, content.seen_in, content.metadata) = (real, self.looks, Some(metadata));
            if is_first && content.place != place {
                content.place = place.clone();
                self.books.progress.touch(content.number);
            }
        }
        let before = self.at_path.insert((place.path.clone(), target), id).filter(|before| *before != id)?;
        Some(Rotated { place, before })
    }

    /// The place of a path's stream among all.
    pub(crate) fn target(&self, place: &Place) -> usize {
        self.following[place.source].target
    }

    /// Begins to read a file, where the journal says or at its beginning. Whether it is one to read.
    pub(crate) fn adopt(&mut self, found: &Found, look: &mut Look) -> bool {
        self.begin(found, look).unwrap_or_else(|error| {
            self.failed(&found.place.path, &error, look.now);
            false
        })
    }

    fn begin(&mut self, found: &Found, look: &mut Look) -> io::Result<bool> {
        let id = found.id();
        let new = || Tail::new(found.real.clone(), id);
        let Some(position) = self.position_of(id, found.place.source).filter(|position| position.offset > 0).cloned() else {
            if self.is_copy(found)? {
                return Ok(false);
            }
            self.insert(None, new(), found.place.clone(), look.now);
            return Ok(true);
        };
        let before = position.before();
        let resumed = Tail::resumed(found.real.clone(), id, &before)?;
        let is_truncated = resumed.is_none();
        self.insert(None, resumed.unwrap_or_else(new), found.place.clone(), look.now);
        if is_truncated {
            self.find_copy(&Truncated { place: found.place.clone(), id, before, number: None }, look);
        }
        Ok(true)
    }
}
