//! [`Failures`]: calls that failed, by what went wrong, and what was rejected of others.

use std::error::Error;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_xray::types::BackendConnectionErrors;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;

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

/// The counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FailureCounts([u64; 6]);

impl Failures {
    pub(crate) fn note<E>(&self, error: &SdkError<E, HttpResponse>)
    where
        E: Error + 'static,
    {
        let cell = match (error.raw_response().map(|response| response.status().as_u16()), error) {
            (Some(400..500), _) => &self.of_4xx,
            (Some(500..600), _) => &self.of_5xx,
            (_, SdkError::TimeoutError(_)) => &self.timeout,
            (_, SdkError::DispatchFailure(failure)) if failure.is_timeout() => &self.timeout,
            _ if is_caused(error, &|cause| cause.downcast_ref::<io::Error>().is_some_and(is_refusal)) => &self.refused,
            _ if is_caused(error, &|cause| cause.to_string().contains("dns error")) => &self.unknown_host,
            _ => &self.other,
        };
        cell.fetch_add(1, Ordering::Relaxed);
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
    /// Those since `before`, as the API has them.
    pub(crate) fn since(self, before: Self) -> BackendConnectionErrors {
        let [timeout, refused, of_4xx, of_5xx, unknown_host, other] =
            std::array::from_fn(|at| whole(self.0[at].saturating_sub(before.0[at])));
        BackendConnectionErrors::builder()
            .timeout_count(timeout)
            .connection_refused_count(refused)
            .http_code4_xx_count(of_4xx)
            .http_code5_xx_count(of_5xx)
            .unknown_host_count(unknown_host)
            .other_count(other)
            .build()
    }
}

/// As the API counts.
pub(super) fn whole(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn is_refusal(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused
}

fn is_caused(error: &(dyn Error + 'static), by: &dyn Fn(&(dyn Error + 'static)) -> bool) -> bool {
    by(error) || error.source().is_some_and(|cause| is_caused(cause, by))
}
