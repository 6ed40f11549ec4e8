//! Rotation: finds the older generation, or the copy, that has the lines that were not read.

use std::collections::HashMap;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::files::{DELETED, Files, Found, Look, Outlet, Rotated, TRUNCATED};
use crate::clock::millis;
use crate::content::{Content, Place};
use crate::event::Target;
use crate::generation::{bases_of, is_compressed, is_generation_of};
use crate::identity::FileId;
use crate::journal::Position;
use crate::listing::Listings;
use crate::tail::{Before, Tail, open};

/// A copy of a file that is about to be truncated, or was.
struct Copied {
    path: PathBuf,
    id: FileId,
    modified: i64,
}

impl<O: Outlet> Files<O> {
    /// Returns whether a file is a copy of one that is read: its lines are sent already. A copy is read only when the original is truncated.
    pub(crate) fn is_copy(&mut self, found: &Found) -> io::Result<bool> {
        let (length, target) = (found.metadata.len(), self.target(&found.place));
        for (base, id) in self.bases(&found.place) {
            let number = self.by_file.get(&(id, target));
            let Some(content) = number.and_then(|number| self.contents.get(number)) else { continue };
            // One that is empty may be about to become a copy.
            if length == 0 || content.tail.is_copied_to(&open(&found.real)?, length)? {
                if length > 0 {
                    self.left_out.note(&found.place.path, &format!("it is a copy of {}, whose lines are sent", base.display()));
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Finds the copy that was made before a file was truncated (logrotate's `copytruncate`), and reads on there under the number of the
    /// old content: what is on its way is delivered for the copy. Without a copy, bytes that are known to be unread are counted.
    pub(crate) fn find_copy(&mut self, lost: &Truncated, look: &mut Look) {
        if let Some(copy) = copy_of(lost, &mut look.listings) {
            if self.by_file.contains_key(&(copy.id, self.target(&lost.place))) {
                lost.number.into_iter().for_each(|number| self.books.progress.forget(number));
                return;
            }
            match Tail::resumed(copy.path, copy.id, &lost.before) {
                Ok(Some(tail)) => return self.insert(lost.number, tail, lost.place.clone(), look.now),
                Ok(None) => {}
                Err(error) => tracing::error!(path = %lost.place.path.display(), %error, "the copy of a truncated log file cannot be read"),
            }
        }
        if let Some(number) = lost.number {
            self.books.progress.forget(number);
        }
        let bytes = lost.before.length.saturating_sub(lost.before.offset);
        self.books.ledger.lose_unread(bytes, TRUNCATED);
        tracing::warn!(
            path = %lost.place.path.display(), bytes, position = lost.before.offset,
            "a log file was truncated and no copy of it is beside it: lines written in the moments before are lost; rotate by renaming, or copy beside the file"
        );
    }

    /// Finds generations that came and went between two looks, or while the process was down: younger than what was read last.
    pub(crate) fn find_generations(&mut self, rotated: &Rotated, look: &mut Look) {
        let Some((folder, base)) = rotated.place.folder_and_name() else { return };
        let at = self.position_of(rotated.before, rotated.place.source).map_or(look.now.millis, |position| position.at);
        // Folders beside it may be of other services: their files are no generations of this one.
        let is_inside = |other: &PathBuf| other == folder || other.parent() == Some(folder);
        let folders = folders_of_generations(folder, base, &mut look.listings).into_iter().filter(is_inside);
        for path in generations_in(folders, base, &mut look.listings) {
            let Some(metadata) = path.symlink_metadata().ok().filter(Metadata::is_file) else { continue };
            if is_younger(&metadata, rotated.before, at) {
                self.adopt_generation(rotated, Found { place: rotated.place.clone(), real: path, metadata }, look);
            }
        }
    }

    fn adopt_generation(&mut self, rotated: &Rotated, found: Found, look: &mut Look) {
        let (id, target, path) = (found.id(), self.target(&found.place), &found.real);
        if is_compressed(&path.to_string_lossy()) {
            self.left_out.note(path, "it is compressed; lines in it that were not sent before are lost (rotate with delaycompress)");
            return;
        }
        // Files that a source names are that source's, also when its stream is another.
        let is_matched = self.following.iter().any(|following| following.matches(path));
        if is_matched || self.by_file.contains_key(&(id, target)) || self.position_of(id, found.place.source).is_some() {
            return;
        }
        let before = self.by_file.get(&(rotated.before, target)).and_then(|number| self.contents.get(number));
        let is_copied = |content: &Content| open(path).and_then(|file| content.tail.is_copied_to(&file, found.metadata.len()));
        if before.is_none_or(|content| !is_copied(content).unwrap_or(false)) {
            tracing::info!(path = %path.display(), "a generation of a log file that was never read is read now");
            self.adopt(&found, look);
        }
    }

    /// Goes through what the journal says of the process before: files that were renamed meanwhile, generations that came and went,
    /// and files that are nowhere any more.
    pub(crate) fn find_left_by_the_process_before(&mut self, look: &mut Look) {
        let positions: Vec<(Place, Position)> = self.books.journal.positions().filter_map(|position| self.place_of(position)).collect();
        let mut last: HashMap<Place, Position> = HashMap::new();
        for (place, position) in &positions {
            let entry = last.entry(place.clone()).or_insert_with(|| position.clone());
            if position.at >= entry.at {
                *entry = position.clone();
            }
        }
        for (place, position) in &positions {
            let is_last = last.get(place).is_some_and(|last| last.file == position.file);
            self.find_renamed(place, position, is_last, look);
        }
        for (place, Position { file: before, .. }) in last {
            if self.at_path.get(&(place.path.clone(), self.target(&place))) != Some(&before) {
                self.find_generations(&Rotated { place, before }, look);
            }
        }
    }

    /// The path that a position is of, and the first source that has it.
    fn place_of(&self, position: &Position) -> Option<(Place, Position)> {
        let (path, to) = (position.path.clone()?, position.to.as_ref()?);
        let source = self.following.iter().position(|following| *following.output.to == *to && following.matches(&path))?;
        Some((Place { path, source }, position.clone()))
    }

    fn find_renamed(&mut self, place: &Place, position: &Position, is_last: bool, look: &mut Look) {
        if self.by_file.contains_key(&(position.file, self.target(place))) {
            return;
        }
        match find_file(position.file, &place.path, &mut look.listings) {
            Some((real, metadata)) if metadata.len() > position.offset => {
                self.adopt(&Found { place: place.clone(), real, metadata }, look);
            }
            Some(_) => {}
            None => {
                let bytes = position.length.saturating_sub(position.offset);
                self.books.ledger.lose_unread(bytes, DELETED);
                // The end of a generation was read under the name that it had before.
                if is_last && self.bases(place).is_empty() || bytes > 0 {
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
        let known = |base: String| self.at_path.get_key_value(&(folder.join(base), target)).map(|((path, _), id)| (path.clone(), *id));
        bases_of(name).into_iter().filter_map(known).collect()
    }

    /// Returns the journal's position of a file in a source's stream.
    pub(crate) fn position_of(&self, id: FileId, source: usize) -> Option<&Position> {
        let is_configured = |to: &Target| self.following.iter().any(|following| *following.output.to == *to);
        self.books.journal.position(id, &self.following[source].output.to, is_configured)
    }
}

/// A file that does not hold any more what was read of it.
pub(crate) struct Truncated {
    pub(crate) place: Place,
    pub(crate) id: FileId,
    pub(crate) before: Before,
    /// The number of the content that it had.
    pub(crate) number: Option<u64>,
}

/// The youngest file around that has the content and perhaps more.
fn copy_of(lost: &Truncated, listings: &mut Listings) -> Option<Copied> {
    let (folder, base) = lost.place.folder_and_name()?;
    let paths = generations_in(folders_of_generations(folder, base, listings), base, listings);
    let readable = paths.iter().filter(|path| !is_compressed(&path.to_string_lossy()));
    readable.filter_map(|path| copied(path, lost).ok().flatten()).max_by_key(|copy| copy.modified)
}

/// The files in these folders whose names rotation may have made from `base`.
fn generations_in(folders: impl IntoIterator<Item = PathBuf>, base: &str, listings: &mut Listings) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for folder in folders {
        let entries = listings.folder(&folder);
        let names = entries.iter().filter(|entry| !entry.is_folder).filter_map(|entry| entry.name.to_str());
        paths.extend(names.filter(|name| is_generation_of(name, base)).map(|name| folder.join(name)));
    }
    paths
}

fn copied(path: &Path, lost: &Truncated) -> io::Result<Option<Copied>> {
    let file = open(path)?;
    let metadata = file.metadata()?;
    let id = FileId::of(&metadata);
    let is_copy = id != lost.id && lost.before.is_in(&file, metadata.len())?;
    Ok(is_copy.then(|| Copied { path: path.to_owned(), id, modified: metadata.modified().map_or(0, millis) }))
}

/// The file's folder, and those inside and beside it that have no log of that name of their own.
fn folders_of_generations(folder: &Path, base: &str, listings: &mut Listings) -> Vec<PathBuf> {
    let around = listings.around(folder);
    let is_of_another = |listings: &mut Listings, other: &PathBuf| {
        other.as_path() != folder && listings.folder(other).iter().any(|entry| entry.name.to_str() == Some(base))
    };
    around.into_iter().filter(|other| !is_of_another(listings, other)).collect()
}

/// Returns whether a file was made after another. Without times of birth: whether it was written to after the other was last read.
fn is_younger(metadata: &Metadata, than: FileId, read_at: i64) -> bool {
    let born = FileId::of(metadata).born;
    if born > 0 && than.born > 0 {
        return born > than.born;
    }
    metadata.modified().is_ok_and(|modified| modified > UNIX_EPOCH && millis(modified) >= read_at)
}

/// Finds a file that rotation moved, in its folder, inside it or beside it.
pub(crate) fn find_file(id: FileId, was_at: &Path, listings: &mut Listings) -> Option<(PathBuf, Metadata)> {
    listings.around(was_at.parent()?).into_iter().find_map(|folder| {
        let path = listings.with_inode(&folder, id.inode)?;
        let metadata = path.symlink_metadata().ok()?;
        (metadata.is_file() && FileId::of(&metadata).may_be(&id)).then_some((path, metadata))
    })
}
