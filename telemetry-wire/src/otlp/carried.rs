//! A request as text, in a datagram or a document of PutTraceSegments, as the X-Ray distributions of OpenTelemetry send it: `T1S` or `T1U`, then
//! base64 of the protobuf.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message as _;

use super::message::ExportTraceServiceRequest;
use crate::datagram::{SPANS_SAMPLED, SPANS_UNSAMPLED};

/// A request that is carried as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CarriedSpans<'t> {
    /// Whether its spans are sampled. X-Ray makes metrics of those that are not, and no traces.
    pub are_sampled: bool,
    base64: &'t str,
}

/// Bytes of text that are read: spans take many times of it in memory.
const LIMIT: usize = 6 << 20;

/// The text holds no request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CarriedError {
    /// It has more than 6 MB.
    TooLarge,
    /// It is no base64.
    Base64(base64::DecodeError),
    /// The bytes are no request.
    Protobuf(prost::DecodeError),
}

impl fmt::Display for CarriedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the spans have more than 6 MB",
            Self::Base64(_) => "the spans are no base64",
            Self::Protobuf(_) => "the spans are no OTLP protobuf",
        })
    }
}

impl std::error::Error for CarriedError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::TooLarge => None,
            Self::Base64(error) => Some(error),
            Self::Protobuf(error) => Some(error),
        }
    }
}

impl<'t> CarriedSpans<'t> {
    /// The request in a document; `None` for JSON.
    #[must_use]
    pub fn find(document: &'t str) -> Option<Self> {
        let sampled = document.strip_prefix(SPANS_SAMPLED).map(|base64| Self { are_sampled: true, base64 });
        sampled.or_else(|| document.strip_prefix(SPANS_UNSAMPLED).map(|base64| Self { are_sampled: false, base64 }))
    }

    /// Reads the request.
    ///
    /// # Errors
    /// When the text has more than 6 MB or is no base64, or the bytes are no request.
    pub fn decode(&self) -> Result<ExportTraceServiceRequest, CarriedError> {
        if self.base64.len() > LIMIT {
            return Err(CarriedError::TooLarge);
        }
        let bytes = STANDARD.decode(self.base64.trim_ascii()).map_err(CarriedError::Base64)?;
        ExportTraceServiceRequest::decode(bytes.as_slice()).map_err(CarriedError::Protobuf)
    }
}

/// Sampled spans as text.
#[must_use]
pub fn carry(request: &ExportTraceServiceRequest) -> String {
    let mut text = SPANS_SAMPLED.to_owned();
    STANDARD.encode_string(request.encode_to_vec(), &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp::{Resource, Span, request};

    #[test]
    fn what_is_carried_is_read_again_and_garbage_is_told_apart() {
        let sent = request(Resource::default(), vec![Span { name: "n".into(), ..Span::default() }]);
        let text = carry(&sent);
        let carried = CarriedSpans::find(&text).unwrap();
        assert_eq!((carried.are_sampled, carried.decode()), (true, Ok(sent)));
        assert_eq!(CarriedSpans::find("T1U").map(|carried| carried.are_sampled), Some(false));
        assert_eq!(CarriedSpans::find("{}"), None);
        assert!(matches!(CarriedSpans::find("T1S!").map(|carried| carried.decode()), Some(Err(CarriedError::Base64(_)))));
        let large = format!("T1S{}", "A".repeat(LIMIT + 1));
        assert_eq!(CarriedSpans::find(&large).map(|carried| carried.decode()), Some(Err(CarriedError::TooLarge)));
        assert!(matches!(CarriedSpans::find("T1S/w==").map(|carried| carried.decode()), Some(Err(CarriedError::Protobuf(_)))));
    }
}
