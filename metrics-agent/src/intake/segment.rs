//! [`RawSegment`]: a document that nobody has parsed.

use telemetry_delivery::{Item, Spooled};
use telemetry_wire::{DatagramError, document_of, scan_trace_id};

/// A document and the trace it says it belongs to.
#[derive(Debug)]
pub(crate) struct RawSegment {
    pub(crate) document: Box<str>,
    trace: u128,
}

impl RawSegment {
    /// Checks the header line and takes the document as it is.
    pub(crate) fn of_datagram(datagram: &[u8]) -> Result<Self, DatagramError> {
        document_of(datagram).map(Self::of_document)
    }

    pub(crate) fn of_document(document: &str) -> Self {
        Self { document: document.into(), trace: scan_trace_id(document).map_or(0, telemetry_wire::TraceId::as_u128) }
    }
}

impl Item for RawSegment {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.document.len()
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
