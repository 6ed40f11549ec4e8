//! [`XrayExporter`].

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use telemetry_wire::otlp::{self, DocumentMapping, request};
use telemetry_wire::{DATAGRAM_HEADER, Datagram, UDP_PAYLOAD_LIMIT};
use xray_sdk::{DaemonAddress, Emitter, UdpEmitter};

use crate::convert;

/// Sends spans to an agent or the X-Ray daemon. See the [crate](crate).
pub struct XrayExporter {
    emitter: Box<dyn Emitter>,
    resource: otlp::Resource,
    mapping: DocumentMapping,
    counts: Arc<Counts>,
    is_down: AtomicBool,
}

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    lost: AtomicU64,
}

/// What became of spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportCounts {
    /// Spans in documents that were handed over.
    pub sent: u64,
    /// Spans that were too large even alone, or whose document could not be handed over.
    pub lost: u64,
}

impl fmt::Debug for XrayExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("XrayExporter").field("mapping", &self.mapping).field("counts", &self.counts).finish_non_exhaustive()
    }
}

impl XrayExporter {
    /// Sends by any emitter of `xray-sdk`.
    pub fn new(emitter: impl Emitter + 'static) -> Self {
        let document_bytes = UDP_PAYLOAD_LIMIT - DATAGRAM_HEADER.len();
        Self {
            emitter: Box::new(emitter),
            resource: otlp::Resource::default(),
            mapping: DocumentMapping { document_bytes, ..DocumentMapping::default() },
            counts: Arc::default(),
            is_down: AtomicBool::new(false),
        }
    }

    /// Sends by UDP to `AWS_XRAY_DAEMON_ADDRESS`, else to `127.0.0.1:2000`.
    ///
    /// # Errors
    /// When the address cannot be read or looked up, or the system gives no socket.
    pub fn udp() -> io::Result<Self> {
        let address = std::env::var("AWS_XRAY_DAEMON_ADDRESS").ok().filter(|address| !address.trim().is_empty());
        let address =
            address.map_or(Ok(DaemonAddress::default()), |address| DaemonAddress::parse(address.trim())).map_err(io::Error::other)?;
        Ok(Self::new(UdpEmitter::connect(&address)?))
    }

    /// Makes annotations, which filter expressions find, of these attributes; the others are metadata. Default: none.
    #[must_use]
    pub fn index<I: IntoIterator<Item: Into<String>>>(mut self, attributes: I) -> Self {
        self.mapping.indexed.extend(attributes.into_iter().map(Into::into));
        self
    }

    /// Makes annotations of all attributes; X-Ray indexes 50 of a trace. Default: no.
    #[must_use]
    pub const fn index_all(mut self) -> Self {
        self.mapping.indexes_all = true;
        self
    }

    /// What became of spans so far; keeps up to date.
    pub fn counts(&self) -> impl Fn() -> ExportCounts + Send + Sync + 'static {
        let counts = Arc::clone(&self.counts);
        move || ExportCounts { sent: counts.sent.load(Ordering::Relaxed), lost: counts.lost.load(Ordering::Relaxed) }
    }

    /// Sends each document; what fails costs itself.
    fn send(&self, batch: Vec<SpanData>) -> u64 {
        let spans = batch.into_iter().map(convert::span).collect();
        let mapped = self.mapping.documents_of(&request(self.resource.clone(), spans));
        let mut lost = mapped.invalid + mapped.too_large;
        let mut datagram = Datagram::default();
        for document in mapped.documents {
            datagram.begin().extend_from_slice(document.text.as_bytes());
            match self.emitter.emit(datagram.as_bytes()) {
                Ok(()) => drop(self.counts.sent.fetch_add(document.spans, Ordering::Relaxed)),
                Err(_) => lost += document.spans,
            }
        }
        self.counts.lost.fetch_add(lost, Ordering::Relaxed);
        lost
    }
}

impl SpanExporter for XrayExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        if self.is_down.load(Ordering::Relaxed) {
            return Err(OTelSdkError::AlreadyShutdown);
        }
        let spans = batch.len();
        let lost = self.send(batch);
        if lost == 0 { Ok(()) } else { Err(OTelSdkError::InternalFailure(format!("{lost} of {spans} spans lost"))) }
    }

    fn force_flush(&self) -> OTelSdkResult {
        const WITHIN: Duration = Duration::from_secs(5);
        if self.emitter.flush(WITHIN) { Ok(()) } else { Err(OTelSdkError::Timeout(WITHIN)) }
    }

    fn shutdown_with_timeout(&self, within: Duration) -> OTelSdkResult {
        if self.is_down.swap(true, Ordering::Relaxed) {
            return Err(OTelSdkError::AlreadyShutdown);
        }
        if self.emitter.flush(within) { Ok(()) } else { Err(OTelSdkError::Timeout(within)) }
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = convert::resource(resource);
    }
}
