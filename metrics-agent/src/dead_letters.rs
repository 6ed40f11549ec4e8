//! [`DeadLetters`]: documents that X-Ray will not take, kept for who wants to know why, and for `metrics-agent replay`.
//!
//! A file of JSON lines beside the spool: `{"at": ..., "reason": ..., "document": ...}`. At 16 MB it becomes `.1`, in the place of an older one.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::clock;

/// The name of the file in the spool's folder.
pub const DEAD_LETTERS: &str = "dead-letters.jsonl";
const ROTATED_AT: u64 = 16 << 20;

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// When, in UTC.
    pub at: String,
    /// Why: `refused_by_xray` or `poison`.
    pub reason: String,
    /// The document as it arrived.
    pub document: String,
}

/// The file, opened when it is needed.
#[derive(Debug)]
pub(crate) struct DeadLetters {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl DeadLetters {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join(DEAD_LETTERS), file: Mutex::new(None) }
    }

    /// Keeps a document. What cannot be written is in the log, as it is lost for good.
    pub(crate) fn keep(&self, document: &str, reason: &str) {
        if let Err(error) = self.write(document, reason) {
            tracing::error!(%error, path = %self.path.display(), "a document that X-Ray refused could not be kept");
        }
    }

    fn write(&self, document: &str, reason: &str) -> io::Result<()> {
        let letter = DeadLetter { at: clock::timestamp(), reason: reason.to_owned(), document: document.to_owned() };
        let mut line = serde_json::to_vec(&letter)?;
        line.push(b'\n');
        let mut kept = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match &mut *kept {
            Some(file) => file,
            None => kept.insert(open(&self.path)?),
        };
        file.write_all(&line)?;
        if file.metadata()?.len() >= ROTATED_AT {
            std::fs::rename(&self.path, self.path.with_extension("jsonl.1"))?;
            *kept = None;
        }
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_document_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let letters = DeadLetters::in_folder(folder.path());
        letters.keep("{\"name\":\"a\\nb\"}", "poison");
        letters.keep("{}", "refused_by_xray");
        let text = std::fs::read_to_string(folder.path().join(DEAD_LETTERS)).unwrap();
        let read: Vec<DeadLetter> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((read.len(), &*read[0].document, &*read[1].reason), (2, "{\"name\":\"a\\nb\"}", "refused_by_xray"));
    }

    #[test]
    fn it_stays_small() {
        let folder = tempfile::tempdir().unwrap();
        let letters = DeadLetters::in_folder(folder.path());
        let document = "x".repeat(1 << 20);
        (0..40).for_each(|_| letters.keep(&document, "poison"));
        let bytes: u64 = folder.path().read_dir().unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        assert!(bytes < 2 * ROTATED_AT + (2 << 20), "{bytes}");
        assert_eq!(folder.path().read_dir().unwrap().count(), 2);
    }
}
