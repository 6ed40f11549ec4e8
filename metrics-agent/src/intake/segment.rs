//! [`RawSegment`]: a document that nobody has parsed, JSON or OpenTelemetry's spans as the X-Ray distributions of its SDKs send them.

use telemetry_delivery::{Item, Spooled, allocated};
use telemetry_wire::{DatagramError, document_of, is_document, scan_trace_id};

/// A document and the trace it says it belongs to.
#[derive(Debug)]
pub(crate) struct RawSegment {
    pub(crate) document: Box<str>,
    trace: u128,
}

/// Why something is no segment.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Malformed {
    #[error(transparent)]
    Datagram(#[from] DatagramError),
    #[error("a document must be a JSON object, or spans that begin with T1S or T1U")]
    Document,
}

impl RawSegment {
    /// Checks the header line and takes the document as it is.
    pub(crate) fn of_datagram(datagram: &[u8]) -> Result<Self, Malformed> {
        Self::checked(document_of(datagram)?)
    }

    /// Looks at how a document begins, no further.
    pub(crate) fn checked(document: &str) -> Result<Self, Malformed> {
        let document = document.trim_ascii();
        is_document(document).then(|| Self::of_document(document)).ok_or(Malformed::Document)
    }

    pub(crate) fn of_document(document: &str) -> Self {
        Self { document: document.into(), trace: scan_trace_id(document).map_or(0, telemetry_wire::TraceId::as_u128) }
    }
}

impl Item for RawSegment {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.document.len()
    }

    fn heap_bytes(&self) -> usize {
        allocated(self.document.len())
    }

    fn affinity(&self) -> u128 {
        self.trace
    }
}

impl Spooled for RawSegment {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.document.as_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok().map(Self::of_document)
    }
}
