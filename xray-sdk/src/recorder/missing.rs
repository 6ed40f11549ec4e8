//! What to do when something is recorded and there is no segment.

use std::sync::atomic::{AtomicBool, Ordering};

use super::install;
use crate::emitter::CounterCells;

/// The strategy for subsegments and annotations outside any segment; `AWS_XRAY_CONTEXT_MISSING` beats the code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContextMissing {
    /// Log an error the first time, count every time. `LOG_ERROR`, the default.
    #[default]
    LogError,
    /// Panic: for tests that want to find code outside segments. `RUNTIME_ERROR`.
    RuntimeError,
    /// Count only. `IGNORE_ERROR`.
    IgnoreError,
}

impl ContextMissing {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_uppercase().as_str() {
            "LOG_ERROR" => Some(Self::LogError),
            "RUNTIME_ERROR" => Some(Self::RuntimeError),
            "IGNORE_ERROR" => Some(Self::IgnoreError),
            _ => None,
        }
    }
}

static WAS_LOGGED: AtomicBool = AtomicBool::new(false);

/// Follows the strategy of the recorder; without one installed nobody expects segments, and nothing happens.
#[cold]
#[expect(clippy::panic, reason = "RUNTIME_ERROR asks for it")]
pub(crate) fn report_missing(what: &str) {
    let Some(recorder) = install::current() else { return };
    CounterCells::add(&recorder.counters.context_missing, 1);
    match recorder.context_missing {
        ContextMissing::IgnoreError => {}
        ContextMissing::RuntimeError => panic!("X-Ray: no segment for {what}, and AWS_XRAY_CONTEXT_MISSING is RUNTIME_ERROR"),
        ContextMissing::LogError => {
            if !WAS_LOGGED.swap(true, Ordering::Relaxed) {
                log::error!("X-Ray: no segment for {what}; it is not recorded. Further cases are counted, not logged");
            }
        }
    }
}
