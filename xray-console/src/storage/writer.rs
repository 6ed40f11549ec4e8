//! [`Writer`]: the one thread that writes.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::{Connection, ErrorCode, Transaction};
use tokio::sync::oneshot;

use super::error::StorageError;
use super::eviction;

/// Writes that share a commit.
const GROUP: usize = 500;
/// Writes that may wait; more make their senders wait.
const WAITING: usize = 2_000;

/// Runs in the transaction; what it returns runs after the commit and is told whether it succeeded.
type Job = Box<dyn FnOnce(&Transaction<'_>) -> Answer + Send>;
type Answer = Box<dyn FnOnce(Result<(), StorageError>) + Send>;

pub(super) struct Writer {
    jobs: Mutex<Option<SyncSender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, budget: u64, evicted: Arc<AtomicU64>) -> std::io::Result<Self> {
        let (jobs, waiting) = sync_channel(WAITING);
        let run = move || run(connection, &waiting, budget, &evicted);
        let thread = std::thread::Builder::new().name("console-writer".into()).spawn(run)?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), thread: Mutex::new(Some(thread)) })
    }

    pub(super) async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<R> + Send + 'static,
    ) -> Result<R, StorageError> {
        let (sender, answer) = oneshot::channel();
        let job: Job = Box::new(move |transaction| {
            let result = work(transaction).map_err(StorageError::from);
            Box::new(move |committed| {
                let answered = committed.and(result);
                if sender.send(answered).is_err() {
                    tracing::debug!("nobody waited for a write");
                }
            })
        });
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or(StorageError::Stopped)?;
        let sent = match jobs.try_send(job) {
            Ok(()) => Ok(()),
            Err(std::sync::mpsc::TrySendError::Full(job)) => {
                tokio::task::spawn_blocking(move || jobs.send(job).map_err(|_| StorageError::Stopped))
                    .await
                    .unwrap_or(Err(StorageError::Stopped))
            }
            Err(std::sync::mpsc::TrySendError::Disconnected(_)) => Err(StorageError::Stopped),
        };
        sent?;
        answer.await.unwrap_or(Err(StorageError::Stopped))
    }

    /// Commits what waits and ends the thread.
    pub(super) fn stop(&self) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take()
            && thread.join().is_err()
        {
            tracing::error!("the storage thread panicked");
        }
    }
}

fn run(mut connection: Connection, jobs: &Receiver<Job>, budget: u64, evicted: &AtomicU64) {
    while let Ok(first) = jobs.recv() {
        let mut answers = Vec::new();
        let committed = commit(&mut connection, first, jobs, &mut answers);
        if matches!(&committed, Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull)) {
            make_room(&mut connection, evicted);
        }
        let failure = committed.err().map(|error| error.to_string());
        for answer in answers {
            answer(failure.as_ref().map_or(Ok(()), |text| Err(rusqlite::Error::ToSqlConversionFailure(text.clone().into()).into())));
        }
        if let Err(error) = eviction::keep_within(&mut connection, budget, evicted) {
            tracing::warn!(%error, "old data could not be evicted");
        }
    }
}

/// Deletes a tenth of what there is, since the disk is full before the budget is. The log is cut first: deleting needs some room.
fn make_room(connection: &mut Connection, evicted: &AtomicU64) {
    let made = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .and_then(|()| eviction::used_bytes(connection))
        .and_then(|used| eviction::keep_within(connection, used.saturating_sub(1), evicted));
    match made {
        Ok(()) => tracing::warn!("the disk is full: old data was deleted to make room"),
        Err(error) => tracing::error!(%error, "the disk is full, and there is not even room to delete old data"),
    }
}

fn commit(connection: &mut Connection, first: Job, jobs: &Receiver<Job>, answers: &mut Vec<Answer>) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    answers.push(first(&transaction));
    while answers.len() < GROUP {
        let Ok(next) = jobs.try_recv() else { break };
        answers.push(next(&transaction));
    }
    transaction.commit()
}
