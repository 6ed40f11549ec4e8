//! Finds files by pattern. Symbolic links are not followed: a link into somebody else's file is no log.

use std::path::{Path, PathBuf};

/// All regular files that match, sorted. A pattern that cannot be read was refused at start.
pub(crate) fn files(patterns: &[String]) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        patterns.iter().filter_map(|pattern| glob::glob(pattern).ok()).flatten().flatten().filter(|path| is_file(path)).collect();
    found.sort();
    found.dedup();
    found
}

/// Renamed generations of a file: the same folder, the same name with `.`, `-` or `_` and something after it. Files that a
/// source names itself are that source's.
pub(crate) fn rotated(path: &Path, claimed: &[PathBuf]) -> Vec<PathBuf> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else { return Vec::new() };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_rotated = |path: &PathBuf| {
        let suffix = path.file_name().and_then(|other| other.to_str()).and_then(|other| other.strip_prefix(name));
        suffix.is_some_and(|suffix| suffix.len() > 1 && suffix.starts_with(['.', '-', '_'])) && !claimed.contains(path)
    };
    entries.map(|entry| entry.path()).filter(is_rotated).filter(|path| is_file(path)).collect()
}

fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
}
