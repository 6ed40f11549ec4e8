//! The UDP datagram: a header line, a line feed, one document.
//!
//! Previous: the SDK's emitter fits documents into it. Next: the agent's intake receives it and parses nothing.

use std::fmt;

use crate::id::TraceId;

/// The header line that every SDK writes, with its line feed.
pub const DATAGRAM_HEADER: &[u8] = b"{\"format\":\"json\",\"version\":1}\n";

/// The largest payload of UDP over IPv4: 65,535 less 20 bytes of IP and 8 of UDP header.
pub const UDP_PAYLOAD_LIMIT: usize = 65_507;

/// What a document begins with that is OpenTelemetry's spans, sampled: base64 of OTLP protobuf follows.
pub const SPANS_SAMPLED: &str = "T1S";

/// The same when they are not sampled.
pub const SPANS_UNSAMPLED: &str = "T1U";

/// Whether a document begins as one that PutTraceSegments takes: a JSON object or array, or OpenTelemetry's spans.
#[must_use]
pub fn is_document(document: &str) -> bool {
    let begins = |begin: &str| document.starts_with(begin);
    begins("{") || begins("[") || begins(SPANS_SAMPLED) || begins(SPANS_UNSAMPLED)
}

/// A framed document in a buffer that is reused from one to the next.
#[derive(Debug, Default)]
pub struct Datagram {
    bytes: Vec<u8>,
}

impl Datagram {
    /// Starts over and gives the buffer, header written, for the document to be appended.
    pub fn begin(&mut self) -> &mut Vec<u8> {
        self.bytes.clear();
        self.bytes.extend_from_slice(DATAGRAM_HEADER);
        &mut self.bytes
    }

    /// The bytes to send.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Why a datagram was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DatagramError {
    /// No line feed ends the header.
    NoHeader,
    /// The header is not JSON, or not of format `json` and version 1.
    BadHeader,
    /// Nothing follows the header.
    NoDocument,
    /// The document is not UTF-8, so no JSON either.
    NotUtf8,
}

impl fmt::Display for DatagramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHeader => "no header line",
            Self::BadHeader => "header is not {\"format\":\"json\",\"version\":1}",
            Self::NoDocument => "no document after the header",
            Self::NotUtf8 => "document is not UTF-8",
        })
    }
}

impl std::error::Error for DatagramError {}

/// Checks the header as the X-Ray daemon does (any spacing, format in any case) and gives the document, not parsed.
///
/// # Errors
/// When the header or the document is missing or malformed.
pub fn document_of(datagram: &[u8]) -> Result<&str, DatagramError> {
    let (header, document) = match datagram.strip_prefix(DATAGRAM_HEADER) {
        Some(document) => (None, document),
        None => {
            let end = datagram.iter().position(|&byte| byte == b'\n').ok_or(DatagramError::NoHeader)?;
            (datagram.get(..end), datagram.get(end + 1..).unwrap_or_default())
        }
    };
    if let Some(header) = header {
        check_header(header)?;
    }
    let document = document.trim_ascii();
    if document.is_empty() {
        return Err(DatagramError::NoDocument);
    }
    std::str::from_utf8(document).map_err(|_| DatagramError::NotUtf8)
}

#[derive(serde::Deserialize)]
struct Header {
    format: String,
    version: u8,
}

fn check_header(header: &[u8]) -> Result<(), DatagramError> {
    let header: Header = serde_json::from_slice(header).map_err(|_| DatagramError::BadHeader)?;
    let known = header.format.eq_ignore_ascii_case("json") && header.version == 1;
    known.then_some(()).ok_or(DatagramError::BadHeader)
}

/// Finds the trace id without parsing: the first value after a `"trace_id"` key that has the form of one.
///
/// For keeping a trace's documents together, not for trust: a text inside the document can imitate it.
#[must_use]
pub fn scan_trace_id(document: &str) -> Option<TraceId> {
    const KEY: &str = "\"trace_id\"";
    document.match_indices(KEY).find_map(|(at, _)| {
        let value = document.as_bytes().get(at + KEY.len()..)?.trim_ascii_start();
        let text = value.strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
        let end = text.iter().position(|&byte| byte == b'"')?;
        TraceId::from_bytes(text.get(..end)?)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn any_spelling_of_the_header_is_taken() {
        for header in ["{\"format\":\"json\",\"version\":1}", "{ \"version\": 1, \"format\": \"JSON\" }"] {
            assert_eq!(document_of(format!("{header}\n{{}}\n").as_bytes()), Ok("{}"), "{header}");
        }
    }

    #[test]
    fn each_defect_has_its_own_error() {
        assert_eq!(document_of(b""), Err(DatagramError::NoHeader));
        assert_eq!(document_of(b"{\"format\":\"json\",\"version\":1}"), Err(DatagramError::NoHeader));
        assert_eq!(document_of(b"{\"format\":\"json\",\"version\":2}\n{}"), Err(DatagramError::BadHeader));
        assert_eq!(document_of(b"\xff\n{}"), Err(DatagramError::BadHeader));
        assert_eq!(document_of(b"{\"format\":\"json\",\"version\":1}\n \n"), Err(DatagramError::NoDocument));
        assert_eq!(document_of(b"{\"format\":\"json\",\"version\":1}\n\xff"), Err(DatagramError::NotUtf8));
    }

    #[test]
    fn the_trace_id_is_found_wherever_it_stands() {
        let document = r#"{"name":"say \"trace_id\"","subsegments":[{"trace_id":7}], "trace_id" : "1-5759e988-bd862e3fe1be46a994272793"}"#;
        assert_eq!(scan_trace_id(document).map(|id| id.to_string()).as_deref(), Some("1-5759e988-bd862e3fe1be46a994272793"));
        assert_eq!(scan_trace_id("{\"trace_id\":\"1-"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, text in ".*") {
            std::hint::black_box((document_of(&bytes).is_ok(), scan_trace_id(&text)));
            std::hint::black_box(document_of(&[DATAGRAM_HEADER, &bytes].concat()).is_ok());
        }
    }
}
