//! [`Listings`]: the folders of one look, each read once.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::fs::DirEntryExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// An entry of a folder, as the folder says it: no call per file.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: OsString,
    pub(crate) inode: u64,
    pub(crate) is_folder: bool,
}

/// Reads each folder once, so that a look costs as much as there are files, however many patterns ask.
#[derive(Debug, Default)]
pub(crate) struct Listings {
    folders: HashMap<PathBuf, Rc<[Entry]>>,
    inodes: HashMap<PathBuf, HashMap<u64, OsString>>,
    around: HashMap<PathBuf, Vec<PathBuf>>,
}

impl Listings {
    /// The entries of a folder, sorted by name; none if it cannot be read.
    pub(crate) fn folder(&mut self, folder: &Path) -> Rc<[Entry]> {
        if let Some(entries) = self.folders.get(folder) {
            return Rc::clone(entries);
        }
        let entry = |entry: std::fs::DirEntry| {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            Entry { name: entry.file_name(), inode: entry.ino(), is_folder }
        };
        let mut entries: Vec<Entry> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(entry).collect();
        entries.sort_by(|a, b| a.name.len().cmp(&b.name.len()).then_with(|| a.name.cmp(&b.name)));
        let entries: Rc<[Entry]> = entries.into();
        self.folders.insert(folder.to_owned(), Rc::clone(&entries));
        entries
    }

    /// Folders where rotation may have put a file of this one: itself, those inside, and those beside it (logrotate's `olddir`).
    pub(crate) fn around(&mut self, folder: &Path) -> Vec<PathBuf> {
        if let Some(folders) = self.around.get(folder) {
            return folders.clone();
        }
        let inside = |listings: &mut Self, folder: &Path| {
            let entries = listings.folder(folder);
            entries.iter().filter(|entry| entry.is_folder).map(|entry| folder.join(&entry.name)).collect::<Vec<_>>()
        };
        let mut folders = vec![folder.to_owned()];
        folders.extend(inside(self, folder));
        if let Some(parent) = folder.parent() {
            folders.extend(inside(self, parent).into_iter().filter(|other| other != folder));
        }
        self.around.insert(folder.to_owned(), folders.clone());
        folders
    }

    /// The path of an inode in a folder.
    pub(crate) fn with_inode(&mut self, folder: &Path, inode: u64) -> Option<PathBuf> {
        if !self.inodes.contains_key(folder) {
            let entries = self.folder(folder);
            let inodes = entries.iter().filter(|entry| !entry.is_folder).map(|entry| (entry.inode, entry.name.clone())).collect();
            self.inodes.insert(folder.to_owned(), inodes);
        }
        Some(folder.join(self.inodes.get(folder)?.get(&inode)?))
    }
}
