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
    /// The server's hint.
    pub retry_after: Option<Duration>,
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

/// Codes of credentials that are wrong or not there yet: an operator can mend them, so the data waits.
const CREDENTIALS: [&str; 10] = [
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "RequestExpired",
    "UnrecognizedClientException",
];

/// Codes of 400s that pass by themselves.
const TRANSIENT: [&str; 4] = ["OperationAbortedException", "RequestTimeout", "RequestTimeoutException", "ServiceUnavailableException"];

/// Waits out outages, throttles and credentials; takes any other refusal as poison, to be found among its neighbours.
#[must_use]
pub fn classify(failure: &Failure<'_>) -> Verdict {
    let again = Verdict::Again { not_before: failure.retry_after };
    let is_one_of = |codes: &[&str]| failure.code.is_some_and(|code| codes.contains(&code));
    match failure.status {
        None | Some(401 | 403 | 408 | 429 | 500..=599) => again,
        _ if is_one_of(&THROTTLES) || is_one_of(&CREDENTIALS) || is_one_of(&TRANSIENT) => again,
        Some(_) => Verdict::Poisoned,
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
            (Some(413), None, &Verdict::Poisoned),
        ] {
            assert_eq!(classify(&Failure { status, code, retry_after: None }), *expected, "{status:?} {code:?}");
        }
    }

    #[test]
    fn the_servers_hint_is_kept() {
        let hint = Some(Duration::from_secs(7));
        assert_eq!(classify(&Failure { status: Some(503), code: None, retry_after: hint }), Verdict::Again { not_before: hint });
    }
}
