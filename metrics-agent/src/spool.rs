//! Where segments wait when memory is full: the configuration made into a spool.

use std::path::PathBuf;
use std::sync::Arc;

use telemetry_delivery::{Keeper, Ledger, Queue, SpoolError, SpoolMode, SpoolSettings, Spooled};

use crate::config::{Spool, TracesConfig};
use crate::dead_letters::DeadLetters;
use crate::intake::RawSegment;
use crate::metrics::Datum;
use crate::state;

/// The way in of segments, and the spool behind it.
pub(crate) struct Way {
    pub(crate) queue: Arc<Queue<RawSegment>>,
    pub(crate) keeper: Option<Keeper<RawSegment>>,
    /// Beside the spool; without one there is no place for them.
    pub(crate) dead_letters: Option<DeadLetters>,
}

/// A queue, and the spool behind it if there is one.
pub(crate) type Spooling<T> = (Arc<Queue<T>>, Option<Keeper<T>>);

/// Ends a spool, when its pump has ended.
pub(crate) async fn close<T: Spooled>(keeper: Option<Keeper<T>>) {
    let Some(keeper) = keeper else { return };
    let closed = tokio::task::spawn_blocking(|| keeper.close()).await;
    if let Err(error) = closed.unwrap_or_else(|error| Err(error.into())) {
        tracing::error!(%error, "the spool did not end in order");
    }
}

/// Opens the spool of metrics: beside that of segments, with the same mode and quota.
///
/// # Errors
/// As [`open`].
pub(crate) fn open_for_metrics(traces: &TracesConfig, memory: usize, ledger: &Arc<Ledger>) -> Result<Spooling<Datum>, SpoolError> {
    let folder = traces.spool_folder.as_ref().map_or_else(|| state::folder("metrics-spool"), |folder| folder.join("metrics"));
    open_in(folder, traces, memory, ledger)
}

/// Opens the spool of segments; `memory` is in bytes.
///
/// # Errors
/// When the configuration wants one, and the folder cannot be used.
pub(crate) fn open(traces: &TracesConfig, memory: usize, ledger: &Arc<Ledger>) -> Result<Way, SpoolError> {
    let folder = traces.spool_folder.clone().unwrap_or_else(|| state::folder("spool"));
    let (queue, keeper) = open_in(folder.clone(), traces, memory, ledger)?;
    let dead_letters = keeper.is_some().then(|| DeadLetters::in_folder(&folder));
    Ok(Way { queue, keeper, dead_letters })
}

fn open_in<T: Spooled>(folder: PathBuf, traces: &TracesConfig, memory: usize, ledger: &Arc<Ledger>) -> Result<Spooling<T>, SpoolError> {
    let without = || Ok((Queue::new(memory, Arc::clone(ledger)), None));
    let Some(mode) = mode_of(traces) else { return without() };
    let (bytes, share) = quota(traces);
    let settings = SpoolSettings { folder, mode, bytes, share };
    let queue = Queue::spooled(memory, Arc::clone(ledger), mode);
    match Keeper::start(&queue, &settings, Arc::clone(ledger)) {
        Ok(keeper) => Ok((queue, Some(keeper))),
        Err(error @ SpoolError::Folder(..)) if traces.spool.is_none() => {
            tracing::info!("no spool: {error}; set traces.spool_folder to lose nothing in long outages and restarts");
            without()
        }
        Err(error) => Err(error),
    }
}

/// Bytes, and the share of what is free.
pub(crate) fn quota(traces: &TracesConfig) -> (u64, f64) {
    (traces.spool_megabytes << 20, f64::from(traces.spool_share) / 100.0)
}

fn mode_of(traces: &TracesConfig) -> Option<SpoolMode> {
    match traces.spool {
        Some(Spool::Off) => None,
        Some(Spool::Always) => Some(SpoolMode::Always),
        Some(Spool::Overflow) | None => Some(SpoolMode::Overflow),
    }
}
