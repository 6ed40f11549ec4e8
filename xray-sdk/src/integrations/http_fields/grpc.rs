//! gRPC's status: in the head of an answer without messages, else in its trailers. The status of HTTP is 200 either way.

#[cfg(feature = "tonic")]
use std::error::Error;
#[cfg(feature = "tower")]
use std::time::Duration;

use http::HeaderMap;

use crate::{Classification, Exceptions};

#[cfg(feature = "tonic")]
const CANCELLED: u8 = 1;
#[cfg(any(feature = "tower", feature = "tonic"))]
const DEADLINE_EXCEEDED: u8 = 4;
#[cfg(feature = "tonic")]
const PERMISSION_DENIED: u8 = 7;
#[cfg(feature = "tonic")]
const RESOURCE_EXHAUSTED: u8 = 8;
#[cfg(feature = "tonic")]
const INTERNAL: u8 = 13;
#[cfg(feature = "tonic")]
const UNAVAILABLE: u8 = 14;

/// The codes by number.
const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// How a call of gRPC went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GrpcStatus {
    pub(crate) code: u8,
    message: String,
}

impl GrpcStatus {
    /// `None` when these headers or trailers have no status.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        const UNKNOWN: u8 = 2;
        let text = headers.get("grpc-status")?.to_str().unwrap_or_default();
        let code = text.parse().ok().filter(|&code| usize::from(code) < NAMES.len()).unwrap_or(UNKNOWN);
        let message = headers.get("grpc-message").and_then(|message| message.to_str().ok()).map(decoded).unwrap_or_default();
        Some(Self { code, message })
    }

    /// Returns the status of a call that failed without one, by the mapping of gRPC over HTTP/2: `None` if its error shows none.
    #[cfg(feature = "tonic")]
    pub(crate) fn of_failure(error: &(dyn Error + 'static)) -> Option<Self> {
        let code = if error.is::<std::io::Error>() { Some(UNAVAILABLE) } else { code_of_text(&error.to_string()) };
        match code {
            Some(code) => Some(Self { code, message: String::new() }),
            None => Self::of_failure(error.source()?),
        }
    }

    /// Returns the status of a request whose deadline has passed.
    #[cfg(feature = "tower")]
    pub(crate) const fn deadline_exceeded() -> Self {
        Self { code: DEADLINE_EXCEEDED, message: String::new() }
    }

    /// As X-Ray's SDK for Go has it.
    pub(crate) const fn classification(&self) -> Classification {
        match self.code {
            0 => Classification::Ignored,
            8 => Classification::Throttle,
            1 | 3 | 5..=7 | 9..=11 | 16 => Classification::Error,
            _ => Classification::Fault,
        }
    }

    pub(crate) fn exceptions(&self) -> Exceptions {
        Exceptions::new(NAMES.get(usize::from(self.code)).copied().unwrap_or("UNKNOWN"), &self.message)
    }
}

/// The types of these errors are private to their crates; their texts are constants: of tonic's timeout, and of the reasons of HTTP/2 in h2.
#[cfg(feature = "tonic")]
fn code_of_text(text: &str) -> Option<u8> {
    let by_reason = [
        ("refused stream before processing", UNAVAILABLE),
        ("stream no longer needed", CANCELLED),
        ("detected excessive load", RESOURCE_EXHAUSTED),
        ("security properties do not meet", PERMISSION_DENIED),
    ];
    if text == "Timeout expired" {
        return Some(DEADLINE_EXCEEDED);
    }
    let is_reset = text.starts_with("stream error") || text.starts_with("connection error");
    is_reset.then(|| by_reason.iter().find(|(reason, _)| text.contains(reason)).map_or(INTERNAL, |(_, code)| *code))
}

/// Returns the time that the client gives a request: `grpc-timeout`, at most 8 digits and a unit.
#[cfg(feature = "tower")]
pub(crate) fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: u64 = digits.parse().ok().filter(|_| digits.len() <= 8 && digits.bytes().all(|digit| digit.is_ascii_digit()))?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3_600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

/// Whether a request is one of gRPC, whose trailers are trailers: not of gRPC-Web.
#[cfg(feature = "tower")]
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.strip_prefix("application/grpc").is_some_and(|rest| !rest.starts_with("-web"))
}

/// Messages are percent-encoded; what is not stays as it is.
fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "tower")]
    #[test]
    fn timeouts_are_read_in_each_unit() {
        let of = |text: &'static str| {
            timeout(&[(http::HeaderName::from_static("grpc-timeout"), text.parse().expect("a value"))].into_iter().collect())
        };
        assert_eq!(
            ["1H", "2M", "3S", "4m", "5u", "6n"].map(of).map(|time| time.map(|time| time.as_nanos())),
            [Some(3_600_000_000_000), Some(120_000_000_000), Some(3_000_000_000), Some(4_000_000), Some(5_000), Some(6)]
        );
        assert_eq!(["", "S", "1", "+1S", "123456789S", "1h", "é"].map(of), [None; 7]);
    }

    fn status(code: &str, message: &str) -> GrpcStatus {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-status", code.parse().expect("a value"));
        headers.insert("grpc-message", message.parse().expect("a value"));
        GrpcStatus::read(&headers).expect("a status")
    }

    #[test]
    fn codes_have_the_class_that_go_gives_them() {
        use Classification::{Error, Fault, Ignored, Throttle};
        for (code, class) in
            [("0", Ignored), ("5", Error), ("8", Throttle), ("13", Fault), ("16", Error), ("99", Fault), ("x", Fault), ("-1", Fault)]
        {
            assert_eq!(status(code, "").classification(), class, "{code}");
        }
        assert_eq!(GrpcStatus::read(&HeaderMap::new()), None);
    }

    #[test]
    fn messages_are_decoded() {
        assert_eq!(status("5", "no order %C3%A9 %zz%").message, "no order é %zz%");
    }
}
