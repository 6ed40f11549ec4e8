//! [`Storage`]: the handle that everything else has.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Transaction};

use super::error::StorageError;
use super::eviction;
use super::schema;
use super::writer::Writer;

/// Where the console keeps what arrives.
#[derive(Clone)]
pub(crate) struct Storage {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    is_temporary: bool,
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
    budget: u64,
    evicted: Arc<AtomicU64>,
}

/// Bytes kept and rows gone.
#[derive(Clone, Copy, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Usage {
    pub(crate) bytes: u64,
    pub(crate) budget: u64,
    pub(crate) evicted: u64,
}

impl Storage {
    /// Opens the file, or a temporary one that goes with the process.
    pub(crate) fn open(path: Option<&Path>, budget: u64) -> Result<Self, StorageError> {
        let is_temporary = path.is_none();
        let path = path.map_or_else(temporary_path, Path::to_owned);
        let connection = schema::open(&path)?;
        let evicted = Arc::new(AtomicU64::new(0));
        let writer = Writer::start(connection, budget, Arc::clone(&evicted)).map_err(|error| StorageError::File(path.clone(), error))?;
        let readers = Mutex::new(Vec::new());
        Ok(Self { inner: Arc::new(Inner { path, is_temporary, writer, readers, budget, evicted }) })
    }

    /// Runs `work` in the writer's next transaction and answers after the commit.
    pub(crate) async fn write<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<R> + Send + 'static,
    ) -> Result<R, StorageError> {
        self.inner.writer.run(work).await
    }

    /// Runs `work` on a reading connection, off the async threads.
    pub(crate) async fn read<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<R> + Send + 'static,
    ) -> Result<R, StorageError> {
        let storage = self.clone();
        let read = tokio::task::spawn_blocking(move || {
            let connection = storage.reader()?;
            let result = work(&connection);
            storage.inner.readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            Ok(result?)
        });
        read.await.unwrap_or(Err(StorageError::Stopped))
    }

    /// Deletes everything.
    pub(crate) async fn reset(&self) -> Result<(), StorageError> {
        self.write(schema::empty).await
    }

    /// Bytes in use, the budget, and what had to go.
    pub(crate) async fn usage(&self) -> Result<Usage, StorageError> {
        let bytes = self.read(eviction::used_bytes).await?;
        Ok(Usage { bytes, budget: self.inner.budget, evicted: self.inner.evicted.load(Ordering::Relaxed) })
    }

    fn reader(&self) -> Result<Connection, StorageError> {
        let idle = self.inner.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| schema::open_reader(&self.inner.path), Ok)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.writer.stop();
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if self.is_temporary {
            for suffix in ["", "-wal", "-shm"] {
                let mut path = self.path.clone().into_os_string();
                path.push(suffix);
                if let Err(error) = std::fs::remove_file(&path) {
                    tracing::debug!(?path, %error, "the temporary storage file stays");
                }
            }
        }
    }
}

/// The time is for processes that got the number of an earlier one, the count for two consoles that start at the same moment.
fn temporary_path() -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let (count, time) = (COUNT.fetch_add(1, Ordering::Relaxed), crate::clock::now().to_bits());
    let unique = format!("xray-console-{}-{time:x}-{count}.db", std::process::id());
    std::env::temp_dir().join(unique)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_consoles_share_a_temporary_file() {
        let paths: std::collections::BTreeSet<_> = (0..10_000).map(|_| temporary_path()).collect();
        assert_eq!(paths.len(), 10_000);
    }
}
