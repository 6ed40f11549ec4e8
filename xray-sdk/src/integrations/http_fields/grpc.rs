//! gRPC's status: in the head of an answer without messages, else in its trailers. The status of HTTP is 200 either way.

use http::HeaderMap;

use crate::{Classification, Exceptions};

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

/// Whether a request is one of gRPC, whose trailers are trailers: not of gRPC-Web.
#[cfg(feature = "tower")]
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.strip_prefix("application/grpc").is_some_and(|rest| !rest.starts_with("-web"))
}

/// Messages are percent-encoded; what is not stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

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
