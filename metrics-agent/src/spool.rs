//! Where segments wait when memory is full: the configuration made into a spool.

use std::path::PathBuf;
use std::sync::Arc;

use telemetry_delivery::{Keeper, Ledger, Queue, SpoolError, SpoolMode, SpoolSettings};

use crate::config::{Spool, TracesConfig};
use crate::dead_letters::DeadLetters;
use crate::intake::RawSegment;

/// The folder without configuration, where systemd sets none.
const FOLDER: &str = "/var/lib/metrics-agent";

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
    let settings = SpoolSettings {
        folder: traces.spool_folder.clone().unwrap_or_else(|| default_folder(&|name| std::env::var(name).ok())),
        mode,
        bytes,
        share,
    };
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

/// `$STATE_DIRECTORY` may name several, separated by colons; the first is the unit's own.
fn default_folder(lookup: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    let state = lookup("STATE_DIRECTORY").and_then(|folders| folders.split(':').next().map(PathBuf::from));
    state.filter(|folder| folder.is_absolute()).unwrap_or_else(|| FOLDER.into()).join("spool")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systemd_says_where_state_is() {
        let folder = |value: Option<&str>| default_folder(&|_| value.map(str::to_owned)).display().to_string();
        assert_eq!(folder(None), "/var/lib/metrics-agent/spool");
        assert_eq!(folder(Some("/var/lib/private/x:/b")), "/var/lib/private/x/spool");
        assert_eq!(folder(Some("")), "/var/lib/metrics-agent/spool");
    }
}
