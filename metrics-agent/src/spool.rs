//! Where segments wait when memory is full: the configuration made into a spool.

use std::sync::Arc;

use telemetry_delivery::{Keeper, Ledger, Queue, SpoolError, SpoolMode, SpoolSettings};

use crate::config::{Spool, TracesConfig};
use crate::dead_letters::DeadLetters;
use crate::intake::RawSegment;
use crate::state;

/// The way in of segments, and the spool behind it.
pub(crate) struct Way {
    pub(crate) queue: Arc<Queue<RawSegment>>,
    pub(crate) keeper: Option<Keeper<RawSegment>>,
    /// Beside the spool; without one there is no place for them.
    pub(crate) dead_letters: Option<DeadLetters>,
}

/// Opens the spool; `memory` is in bytes.
///
/// # Errors
/// When the configuration wants one, and the folder cannot be used.
pub(crate) fn open(traces: &TracesConfig, memory: usize, ledger: &Arc<Ledger>) -> Result<Way, SpoolError> {
    let without = || Way { queue: Queue::new(memory, Arc::clone(ledger)), keeper: None, dead_letters: None };
    let Some(mode) = mode_of(traces) else { return Ok(without()) };
    let (bytes, share) = quota(traces);
    let settings = SpoolSettings { folder: traces.spool_folder.clone().unwrap_or_else(|| state::folder("spool")), mode, bytes, share };
    let queue = Queue::spooled(memory, Arc::clone(ledger), mode);
    match Keeper::start(&queue, &settings, Arc::clone(ledger)) {
        Ok(keeper) => Ok(Way { queue, keeper: Some(keeper), dead_letters: Some(DeadLetters::in_folder(&settings.folder)) }),
        Err(error @ SpoolError::Folder(..)) if traces.spool.is_none() => {
            tracing::info!("no spool: {error}; set traces.spool_folder to lose nothing in long outages and restarts");
            Ok(without())
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
