//! Finds files by pattern. Symbolic links are not followed: a link into somebody else's file is no log.

use std::path::PathBuf;

/// All regular files that match, sorted. A pattern that cannot be read was refused at start.
pub(crate) fn files(patterns: &[String]) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        patterns.iter().filter_map(|pattern| glob::glob(pattern).ok()).flatten().flatten().filter(|path| is_file(path)).collect();
    found.sort();
    found.dedup();
    found
}

/// Renamed generations of a file: the same folder, the same name with something after it.
pub(crate) fn siblings(path: &std::path::Path) -> Vec<PathBuf> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else { return Vec::new() };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_sibling = |path: &PathBuf| {
        path.file_name().and_then(|other| other.to_str()).is_some_and(|other| other.len() > name.len() && other.starts_with(name))
    };
    entries.map(|entry| entry.path()).filter(is_sibling).filter(|path| is_file(path)).collect()
}

fn is_file(path: &std::path::Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
}
