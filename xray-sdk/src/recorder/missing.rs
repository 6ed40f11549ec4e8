//! What to do when something is recorded and there is no segment.

use std::sync::atomic::{AtomicBool, Ordering};

use super::install;
use super::strategy::ContextMissing;
use crate::emitter::CounterCells;

static WAS_LOGGED: AtomicBool = AtomicBool::new(false);

/// Follows the strategy of the recorder; without one installed nobody expects segments, and nothing happens.
#[cold]
#[expect(clippy::panic, reason = "RUNTIME_ERROR asks for it")]
pub(crate) fn report_missing(what: &str) {
    let Some(recorder) = install::current().filter(|recorder| recorder.is_enabled) else { return };
    CounterCells::add(&recorder.counters.context_missing, 1);
    match recorder.context_missing {
        ContextMissing::IgnoreError => {}
        ContextMissing::RuntimeError => panic!("X-Ray: no segment for {what}, and AWS_XRAY_CONTEXT_MISSING is RUNTIME_ERROR"),
        ContextMissing::LogError => {
            if !WAS_LOGGED.load(Ordering::Relaxed) && !WAS_LOGGED.swap(true, Ordering::Relaxed) {
                log::error!("X-Ray: no segment for {what}; it is not recorded. Further cases are counted, not logged");
            }
        }
    }
}
