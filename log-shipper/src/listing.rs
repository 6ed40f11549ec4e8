//! [`Listings`]: the folders of one look, each read once.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::fs::DirEntryExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::generation::bases_of;

/// An entry of a folder, as the folder says it: no call per file.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: OsString,
    pub(crate) inode: u64,
    pub(crate) is_folder: bool,
}

/// Reads each folder once, so that a look costs as much as there are files, however many patterns ask and files rotate.
#[derive(Debug, Default)]
pub(crate) struct Listings {
    folders: HashMap<PathBuf, Rc<[Entry]>>,
    /// Files directly in a folder, and files in the folders inside it.
    indexes: HashMap<(PathBuf, Depth), Rc<Index>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Depth {
    In,
    Inside,
}

/// The folders in which the older generations of a file are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breadth {
    /// Its folder and those inside: all they have is of this file.
    Own,
    /// Also the folders beside it (logrotate's `olddir`), which may be of other services: the content decides.
    Around,
}

/// Files by inode, and by the names that they may be older generations of.
#[derive(Debug, Default)]
struct Index {
    by_inode: HashMap<u64, Vec<PathBuf>>,
    by_base: HashMap<String, Vec<PathBuf>>,
}

impl Listings {
    /// The entries of a folder, sorted by length and name; none if it cannot be read.
    pub(crate) fn folder(&mut self, folder: &Path) -> Rc<[Entry]> {
        if let Some(entries) = self.folders.get(folder) {
            return Rc::clone(entries);
        }
        let mut entries: Vec<Entry> = read(folder).unwrap_or_default();
        entries.sort_by(|a, b| order(&a.name, &b.name));
        let entries: Rc<[Entry]> = entries.into();
        self.folders.insert(folder.to_owned(), Rc::clone(&entries));
        entries
    }

    /// Paths that may be older generations of a file, by their names.
    pub(crate) fn generations(&mut self, path: &Path, breadth: Breadth) -> Vec<PathBuf> {
        let Some(base) = path.file_name().and_then(OsStr::to_str) else { return Vec::new() };
        let around = self.around(path, breadth);
        around.iter().flat_map(|index| index.by_base.get(base)).flatten().cloned().collect()
    }

    /// Paths around a file that have an inode.
    pub(crate) fn with_inode(&mut self, path: &Path, inode: u64) -> Vec<PathBuf> {
        let around = self.around(path, Breadth::Around);
        around.iter().flat_map(|index| index.by_inode.get(&inode)).flatten().cloned().collect()
    }

    fn around(&mut self, path: &Path, breadth: Breadth) -> Vec<Rc<Index>> {
        let Some(folder) = path.parent() else { return Vec::new() };
        let mut indexes = vec![self.index(folder, Depth::In), self.index(folder, Depth::Inside)];
        if breadth == Breadth::Around {
            indexes.extend(folder.parent().map(|parent| self.index(parent, Depth::Inside)));
        }
        indexes
    }

    fn index(&mut self, folder: &Path, depth: Depth) -> Rc<Index> {
        let key = (folder.to_owned(), depth);
        if let Some(index) = self.indexes.get(&key) {
            return Rc::clone(index);
        }
        let mut index = Index::default();
        match depth {
            Depth::In => index.add(folder, &self.folder(folder), depth),
            Depth::Inside => {
                for entry in self.folder(folder).iter().filter(|entry| entry.is_folder) {
                    let inside = folder.join(&entry.name);
                    let entries = self.folder(&inside);
                    index.add(&inside, &entries, depth);
                }
            }
        }
        let index = Rc::new(index);
        self.indexes.insert(key, Rc::clone(&index));
        index
    }
}

impl Index {
    /// Adds the files of a folder. A folder inside that has a log of the same name of its own has that log's generations.
    fn add(&mut self, folder: &Path, entries: &[Entry], depth: Depth) {
        let has = |name: &str| entries.binary_search_by(|entry| order(&entry.name, OsStr::new(name))).is_ok();
        for entry in entries.iter().filter(|entry| !entry.is_folder) {
            let path = folder.join(&entry.name);
            for base in entry.name.to_str().map(bases_of).unwrap_or_default() {
                if depth == Depth::In || !has(&base) {
                    self.by_base.entry(base).or_default().push(path.clone());
                }
            }
            self.by_inode.entry(entry.inode).or_default().push(path);
        }
    }
}

/// Shorter names first: a file comes before its generations.
fn order(a: &OsStr, b: &OsStr) -> std::cmp::Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn read(folder: &Path) -> io::Result<Vec<Entry>> {
    let entry = |entry: io::Result<std::fs::DirEntry>| {
        let entry = entry?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        Ok(Entry { name: entry.file_name(), inode: entry.ino(), is_folder })
    };
    std::fs::read_dir(folder)?.map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_are_searched_in_the_folder_inside_it_and_beside_it() {
        let root = tempfile::tempdir().unwrap();
        for path in ["a/app.log", "a/app.log.1", "a/old/app.log.2", "b/app.log.3", "c/app.log", "c/app.log.4", "a/other.log.1"] {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let mut listings = Listings::default();
        let mut names = |breadth| {
            let mut names: Vec<String> = listings
                .generations(&root.path().join("a/app.log"), breadth)
                .iter()
                .map(|path| path.strip_prefix(root.path()).unwrap().display().to_string())
                .collect();
            names.sort();
            names
        };
        assert_eq!(names(Breadth::Own), ["a/app.log.1", "a/old/app.log.2"]);
        assert_eq!(names(Breadth::Around), ["a/app.log.1", "a/old/app.log.2", "b/app.log.3"], "those of c are of its own log");
    }
}
