//! *Whether* to try again: from an AWS service's failure to a [`Verdict`], pure.

use std::time::Duration;

use crate::verdict::Verdict;

/// What is known of a call that failed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Failure<'a> {
    /// The HTTP status; none when there was no answer.
    pub status: Option<u16>,
    /// The error code without prefix, such as `ThrottlingException`.
    pub code: Option<&'a str>,
    /// The text of the `Retry-After` header; only seconds are understood, no date.
    pub retry_after: Option<&'a str>,
}

/// Codes that mean "slow down", from botocore's standard retry mode and the service models.
const THROTTLES: [&str; 16] = [
    "BandwidthLimitExceeded",
    "LimitExceeded",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "ServiceQuotaExceededException",
    "SlowDown",
    "Throttling",
    "ThrottledException",
    "ThrottlingException",
    "TooManyRequests",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// What the codes of invalid input begin with.
const INVALID: [&str; 6] = ["InvalidParameter", "InvalidRequest", "Missing", "Malformed", "Serialization", "Validation"];

/// Takes a refusal as poison only when the service says that the input is invalid or too large. Everything else passes or can be
/// mended by an operator (outages, throttles, credentials, a proxy's own answers), so the data waits. An answer that was cut
/// off after a 200 is one of those: the batch may have been taken, but bisecting it would send it twice for sure.
#[must_use]
pub fn classify(failure: &Failure<'_>) -> Verdict {
    let is_throttle = failure.code.is_some_and(|code| THROTTLES.contains(&code));
    let is_invalid =
        failure.code.is_some_and(|code| INVALID.iter().any(|begin| code.starts_with(begin)) && code != "MissingAuthenticationToken");
    match failure.status {
        Some(413) => Verdict::Poisoned,
        Some(400) if is_invalid && !is_throttle => Verdict::Poisoned,
        _ => Verdict::Again { not_before: failure.retry_after.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outages_throttles_and_credentials_wait_and_bad_input_is_poison() {
        let again = Verdict::Again { not_before: None };
        for (status, code, expected) in [
            (None, None, &again),
            (Some(503), None, &again),
            (Some(429), Some("Whatever"), &again),
            (Some(400), Some("ThrottledException"), &again),
            (Some(400), Some("LimitExceeded"), &again),
            (Some(400), Some("ExpiredTokenException"), &again),
            (Some(403), None, &again),
            (Some(400), Some("InvalidParameterValue"), &Verdict::Poisoned),
            (Some(400), Some("ValidationError"), &Verdict::Poisoned),
            (Some(413), None, &Verdict::Poisoned),
            (Some(200), None, &again),
            (Some(404), None, &again),
            (Some(400), None, &again),
        ] {
            assert_eq!(classify(&Failure { status, code, retry_after: None }), *expected, "{status:?} {code:?}");
        }
    }

    #[test]
    fn the_servers_hint_is_kept() {
        let hint = Some(Duration::from_secs(7));
        assert_eq!(classify(&Failure { status: Some(503), code: None, retry_after: Some("7") }), Verdict::Again { not_before: hint });
    }
}
