//! [`Pattern`]: finds the files that a source names.

use std::path::{Path, PathBuf};

use crate::listing::Listings;

/// A pattern of paths such as `/var/log/*/app-*.log`: a pattern of folders and a pattern of names.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    folder: String,
    name: glob::Pattern,
    whole: glob::Pattern,
}

/// `*` does not cross folders.
const OPTIONS: glob::MatchOptions =
    glob::MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

impl Pattern {
    pub(crate) fn new(text: &str) -> Result<Self, glob::PatternError> {
        let whole = glob::Pattern::new(text)?;
        let (folder, name) = text.rsplit_once('/').unwrap_or((".", text));
        let folder = if folder.is_empty() { "/" } else { folder };
        Ok(Self { folder: folder.to_owned(), name: glob::Pattern::new(name)?, whole })
    }

    /// Returns whether a path matches.
    pub(crate) fn is_match(&self, path: &Path) -> bool {
        self.whole.matches_path_with(path, OPTIONS)
    }

    /// The paths that match now, shorter names first: a file comes before its generations.
    pub(crate) fn matches(&self, listings: &mut Listings) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        for folder in self.folders() {
            let entries = listings.folder(&folder);
            let matching = entries
                .iter()
                .filter(|entry| !entry.is_folder && entry.name.to_str().is_some_and(|name| self.name.matches_with(name, OPTIONS)));
            paths.extend(matching.map(|entry| folder.join(&entry.name)));
        }
        paths
    }

    fn folders(&self) -> Vec<PathBuf> {
        if !self.folder.contains(['*', '?', '[']) {
            return vec![PathBuf::from(&self.folder)];
        }
        glob::glob_with(&self.folder, OPTIONS).into_iter().flatten().flatten().filter(|path| path.is_dir()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_names_in_folders_that_match() {
        let root = tempfile::tempdir().unwrap();
        for path in ["a/app.log", "a/app.log.1", "b/app.log", "b/c/app.log", "b/other.txt"] {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let matches = |pattern: &str| {
            let pattern = Pattern::new(&root.path().join(pattern).display().to_string()).unwrap();
            let mut paths = pattern.matches(&mut Listings::default());
            paths.sort();
            paths.iter().map(|path| path.strip_prefix(root.path()).unwrap().display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(matches("*/app.log"), ["a/app.log", "b/app.log"]);
        assert_eq!(matches("**/*.log"), ["a/app.log", "b/app.log", "b/c/app.log"]);
        assert_eq!(matches("a/app.log*"), ["a/app.log", "a/app.log.1"]);
        assert_eq!(matches("a/app.log"), ["a/app.log"]);
        assert_eq!(matches("z/app.log"), Vec::<String>::new());
        assert!(Pattern::new("/var/log/[").is_err());
    }
}
