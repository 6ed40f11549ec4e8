//! [`Failures`]: calls that failed, by what went wrong, and what was rejected of others.

use std::error::Error;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;

use telemetry_aws::CallError;

/// The classes of PutTelemetryRecords.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    timeout: AtomicU64,
    refused: AtomicU64,
    of_4xx: AtomicU64,
    of_5xx: AtomicU64,
    unknown_host: AtomicU64,
    other: AtomicU64,
    /// Spans that a collector rejected of requests that it took.
    rejected: AtomicU64,
}

/// The counts at one moment: timeouts, refused connections, 4xx, 5xx, unknown hosts, others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FailureCounts([u64; 6]);

impl Failures {
    /// Notes a call that was refused.
    pub(super) fn note_status(&self, status: StatusCode) {
        count(if status.is_server_error() { &self.of_5xx } else { &self.of_4xx });
    }

    /// Notes a call that nobody answered.
    pub(super) fn note_unanswered(&self, error: &CallError) {
        count(match error {
            CallError::Send(error) if error.is_timeout() => &self.timeout,
            _ if is_caused(error, &|cause| cause.downcast_ref::<io::Error>().is_some_and(is_refusal)) => &self.refused,
            _ if is_caused(error, &|cause| cause.to_string().contains("dns error")) => &self.unknown_host,
            _ => &self.other,
        });
    }

    /// Notes a call with an answer that cannot be read.
    pub(super) fn note_other(&self) {
        count(&self.other);
    }

    /// Notes spans that a collector rejected of a request that it took.
    #[cfg(feature = "otlp")]
    pub(crate) fn note_rejected(&self, spans: u64) {
        self.rejected.fetch_add(spans, Ordering::Relaxed);
    }

    pub(crate) fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    pub(crate) fn counts(&self) -> FailureCounts {
        let cells = [&self.timeout, &self.refused, &self.of_4xx, &self.of_5xx, &self.unknown_host, &self.other];
        FailureCounts(cells.map(|cell| cell.load(Ordering::Relaxed)))
    }
}

impl FailureCounts {
    /// Those since `before`, by class.
    pub(super) fn since(self, before: Self) -> [u64; 6] {
        std::array::from_fn(|at| self.0[at].saturating_sub(before.0[at]))
    }
}

fn count(cell: &AtomicU64) {
    cell.fetch_add(1, Ordering::Relaxed);
}

fn is_refusal(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused
}

fn is_caused(error: &(dyn Error + 'static), by: &dyn Fn(&(dyn Error + 'static)) -> bool) -> bool {
    by(error) || error.source().is_some_and(|cause| is_caused(cause, by))
}
