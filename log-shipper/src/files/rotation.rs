//! Rotation: finds the older generations, or the copy, that have the lines that were not read.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use super::files::{DELETED, Files, Found, Look, Outlet, TRUNCATED};
use super::former::{Former, Left};
use crate::clock::millis;
use crate::content::{Begin, Content, Place};
use crate::event::Target;
use crate::generation::{bases_of, is_compressed, is_generation_of};
use crate::identity::{FileId, SAMPLE};
use crate::journal::Position;
use crate::listing::{Breadth, Listings};
use crate::tail::{Before, Tail, open};

/// Steps of the kernel's clock for times of birth are 10 ms at most.
const CLOCK_STEP: i64 = 10;
/// Milliseconds after which a short file is no copy that is about to be made: its few lines may be those of another program.
const COPYING: i64 = 60_000;

/// A file that does not hold any more what was read of it.
pub(crate) struct Truncated {
    pub(crate) former: Former,
    pub(crate) before: Before,
    /// The number of the content that it had.
    pub(crate) number: Option<u64>,
}

impl<O: Outlet> Files<O> {
    /// Returns whether a file is a copy of one that is read: its lines are sent already. A copy is read only when the original is truncated.
    pub(crate) fn is_copy(&mut self, found: &Found, look: &Look) -> io::Result<bool> {
        let (length, target) = (found.metadata.len(), self.target(&found.place));
        let is_old = found.metadata.modified().is_ok_and(|modified| look.now.millis - millis(modified) > COPYING);
        for (base, id) in self.bases(&found.place) {
            let number = self.by_file.get(&(id, target));
            let Some(content) = number.and_then(|number| self.contents.get(number)) else { continue };
            // One that is empty may be about to become a copy.
            if length == 0 {
                return Ok(true);
            }
            let is_certain = length >= SAMPLE || !is_old;
            if is_certain && content.tail.is_copied_to(&open(&found.real)?, length)? {
                self.left_out.note(&found.place.path, &format!("it is a copy of {}, whose lines are sent", base.display()));
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Finds the copy that was made before a file was truncated (logrotate's `copytruncate`), and reads on there under the number of the
    /// old content: what is in flight is delivered for the copy. Without a copy, bytes that are known to be unread are counted.
    /// Then it finds the copies of rotations that went unseen in between.
    pub(crate) fn find_copies(&mut self, lost: &Truncated, look: &mut Look) {
        if !self.read_on_in_copy(lost, look) {
            if let Some(number) = lost.number {
                self.books.progress.forget(number);
            }
            let bytes = lost.before.length.saturating_sub(lost.before.offset);
            self.books.ledger.lose_unread(bytes, TRUNCATED);
            tracing::warn!(
                path = %lost.former.place.path.display(), bytes, position = lost.before.offset,
                "a log file was truncated and no copy of it is beside it: lines written in the moments before are lost; rotate by renaming, or copy beside the file"
            );
        }
        self.find_generations(&lost.former, look);
    }

    /// Returns whether there is a copy of the old content, which is read from now on.
    fn read_on_in_copy(&mut self, lost: &Truncated, look: &mut Look) -> bool {
        let Some((real, id)) = self.copy_of(lost, look) else { return false };
        if self.by_file.contains_key(&(id, self.target(&lost.former.place))) {
            lost.number.into_iter().for_each(|number| self.books.progress.forget(number));
            return true;
        }
        match Tail::resumed(real, id, &lost.before) {
            Ok(Some(tail)) => {
                let begin = Begin { number: lost.number, place: lost.former.place.clone(), at: lost.former.at };
                self.insert(begin, tail, look.now);
                true
            }
            Ok(None) => false,
            Err(error) => {
                tracing::error!(path = %lost.former.place.path.display(), %error, "the copy of a truncated log file cannot be read");
                false
            }
        }
    }

    /// The youngest file around that has the content and perhaps more.
    fn copy_of(&self, lost: &Truncated, look: &mut Look) -> Option<(PathBuf, FileId)> {
        let copied = |(real, metadata): (PathBuf, Metadata)| {
            let is_copy = FileId::of(&metadata) != lost.former.id && lost.before.is_in(&open(&real).ok()?, metadata.len()).ok()?;
            is_copy.then_some((real, metadata))
        };
        let generations = self.generations(&lost.former, Breadth::Around, look).into_iter();
        let readable = generations.filter(|(real, _)| !is_compressed(&real.to_string_lossy()));
        let youngest = readable.filter_map(copied).max_by_key(|(_, metadata)| metadata.modified().map_or(0, millis));
        youngest.map(|(real, metadata)| (real, FileId::of(&metadata)))
    }

    /// Finds generations that came and went between two looks, or while the process was down: made after the file was last seen.
    pub(crate) fn find_generations(&mut self, former: &Former, look: &mut Look) {
        for (real, metadata) in self.generations(former, Breadth::Own, look) {
            let is_named_so =
                real.file_name().and_then(|name| name.to_str()).is_some_and(|name| former.names().any(|base| is_generation_of(name, base)));
            if is_named_so && is_younger(&metadata, former) {
                self.adopt_generation(former, Found { place: former.place.clone(), real, metadata, at: former.at }, look);
            }
        }
    }

    fn adopt_generation(&mut self, former: &Former, found: Found, look: &mut Look) {
        let (id, target, path) = (found.id(), self.target(&found.place), &found.real);
        if is_compressed(&path.to_string_lossy()) {
            self.left_out.note(path, "it is compressed; lines in it that were not sent before are lost (rotate with delaycompress)");
            return;
        }
        // Files that a source names are that source's, also when its stream is another. Patterns name paths as they are with links.
        let as_named = path.file_name().map(|name| former.place.path.with_file_name(name)).unwrap_or_default();
        let is_matched = self.following.iter().any(|following| following.matches(path) || following.matches(&as_named));
        if is_matched || self.by_file.contains_key(&(id, target)) || self.position_of(id, found.place.source).is_some() {
            return;
        }
        let now = self.by_file.get(&(former.id, target)).and_then(|number| self.contents.get(number));
        let is_copied = |content: &Content| open(path).and_then(|file| content.tail.is_copied_to(&file, found.metadata.len()));
        if now.is_none_or(|content| !is_copied(content).unwrap_or(false)) {
            tracing::info!(path = %path.display(), "a generation of a log file that was never read is read now");
            self.adopt(&found, look);
        }
    }

    /// The files around a path, and around the file that it led to, whose names rotation may have made.
    fn generations(&self, former: &Former, breadth: Breadth, look: &mut Look) -> Vec<(PathBuf, Metadata)> {
        let follow = self.following[former.place.source].follow_links;
        let at_path = former.place.path.parent().and_then(|folder| look.links.real_folder(folder));
        let at_path = at_path.zip(former.place.path.file_name()).map(|(folder, name)| folder.join(name));
        let mut paths = vec![former.real.clone()];
        paths.extend(at_path.filter(|path| *path != former.real));
        let named: Vec<PathBuf> = paths.iter().flat_map(|path| look.listings.generations(path, breadth)).collect();
        named.iter().filter_map(|path| look.links.resolve(path, follow).ok()).collect()
    }

    /// Goes through what the journal says of the process before: files that were renamed meanwhile, generations that came and went,
    /// and files that are nowhere any more.
    pub(crate) fn find_left_by_the_process_before(&mut self, look: &mut Look) {
        let mut left: Vec<Left> = self.books.journal.positions().filter_map(|position| self.left(position)).collect();
        // The last file at a path is the last in the list of those with the path.
        left.sort_by(|a, b| (&a.place.path, a.place.source, a.position.at).cmp(&(&b.place.path, b.place.source, b.position.at)));
        let places: Vec<Place> = left.iter().skip(1).map(|left| left.place.clone()).collect();
        for (at, left) in left.iter_mut().enumerate() {
            left.is_last = places.get(at) != Some(&left.place);
        }
        for left in left {
            let former = left.is_last.then(|| left.former());
            self.find_renamed(left, look);
            let is_elsewhere = |former: &Former| {
                self.at_path.get(&(former.place.path.clone(), self.target(&former.place))).is_none_or(|now| now.id != former.id)
            };
            if let Some(former) = former.filter(is_elsewhere) {
                self.find_generations(&former, look);
            }
        }
    }

    /// A position with the place that it is of, in the first source that has it.
    fn left(&self, position: &Position) -> Option<Left> {
        let (path, to) = (position.path.clone()?, position.to.as_ref()?);
        let source = self.following.iter().position(|following| *following.output.to == *to && following.matches(&path))?;
        Some(Left { place: Place { path, source }, position: position.clone(), is_last: false, may_wait: true })
    }

    pub(crate) fn find_renamed(&mut self, left: Left, look: &mut Look) {
        let Left { place, position, is_last, may_wait } = &left;
        if self.by_file.contains_key(&(position.file, self.target(place))) {
            return;
        }
        let was_at = position.real.as_ref().unwrap_or(&place.path);
        match find_file(position.file, was_at, look) {
            Some((real, metadata)) if metadata.len() > position.offset => {
                self.adopt(&Found { place: place.clone(), real, metadata, at: position.at }, look);
            }
            Some((real, metadata)) => self.rest(position.file, place.clone(), (real, metadata.len())),
            None if *may_wait && is_away(was_at, position, &mut look.listings) => self.wait_for_folder(left, look.now),
            None => {
                let bytes = position.length.saturating_sub(position.offset);
                self.books.ledger.lose_unread(bytes, DELETED);
                // The end of a generation was read under the name that it had before.
                if *is_last && self.bases(place).is_empty() || bytes > 0 {
                    tracing::warn!(
                        path = %place.path.display(), position = position.offset, bytes,
                        "a log file is gone: what was written to it since the last process stopped is lost"
                    );
                }
                self.write_down(&[Position { gone: true, ..position.clone() }]);
            }
        }
    }

    /// Returns the files that are there under names from which rotation may have made this one.
    fn bases(&self, place: &Place) -> Vec<(PathBuf, FileId)> {
        let Some((folder, name)) = place.folder_and_name() else { return Vec::new() };
        let target = self.target(place);
        let known =
            |base: String| self.at_path.get_key_value(&(folder.join(base), target)).map(|((path, _), seen)| (path.clone(), seen.id));
        bases_of(name).into_iter().filter_map(known).collect()
    }

    /// Returns the journal's position of a file in a source's stream.
    pub(crate) fn position_of(&self, id: FileId, source: usize) -> Option<&Position> {
        let is_configured = |to: &Target| self.following.iter().any(|following| *following.output.to == *to);
        self.books.journal.position(id, &self.following[source].output.to, is_configured)
    }
}

/// Returns whether a file was made after another, and after that was last seen at its path. A file system without times of birth has
/// that of the last write.
fn is_younger(metadata: &Metadata, than: &Former) -> bool {
    let born = FileId::of(metadata).born;
    let made = if born > 0 { i64::try_from(born / 1_000_000).unwrap_or(i64::MAX) } else { metadata.modified().map_or(0, millis) };
    (born == 0 || than.id.born == 0 || born > than.id.born) && made + CLOCK_STEP >= than.at
}

/// Returns whether the folder of a file is missing, unreadable, or empty as the place of a disk that is not mounted.
fn is_away(path: &Path, position: &Position, listings: &mut Listings) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let Some(folder) = path.parent() else { return false };
    let Ok(metadata) = std::fs::read_dir(folder).and_then(|_| folder.metadata()) else { return true };
    metadata.dev() != position.file.device && listings.folder(folder).is_empty()
}

/// Finds a file that rotation moved, in its folder, inside it or beside it.
pub(crate) fn find_file(id: FileId, was_at: &Path, look: &mut Look) -> Option<(PathBuf, Metadata)> {
    look.listings.with_inode(was_at, id.inode).into_iter().find_map(|path| {
        let metadata = path.symlink_metadata().ok()?;
        (metadata.is_file() && FileId::of(&metadata).may_be(&id)).then_some((path, metadata))
    })
}
