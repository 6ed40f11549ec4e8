//! [`OtlpEmitter`]: to a collector over HTTP.

use std::io;
use std::time::Duration;

use telemetry_wire::otlp::{ExportTraceServiceRequest, ExportTraceServiceResponse, Message as _, request};

use super::endpoint::OtlpEndpoint;
use super::mapping::Mapping;
use crate::emitter::held::{Held, Send, emitter_with_buffer};

/// For a request as a whole.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read.
const ANSWER: u64 = 64 << 10;

/// Sends segments to any OpenTelemetry collector: OTLP over HTTP, protobuf.
///
/// A thread of its own sends and retries. 16 MB of documents wait for a collector that is away or answers 429, 502, 503 or 504; then the threads
/// that end segments wait too. Once the collector has taken nothing for [`Self::wait_at_most`], documents are dropped and counted until it takes
/// something again. What a collector refuses otherwise is logged and given up. Segments in progress are
/// not sent: OTLP has no form for them.
///
/// ```no_run
/// # fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use xray_sdk::{OtlpEmitter, OtlpEndpoint};
///
/// let collector = OtlpEmitter::new(OtlpEndpoint::from_env()?)?;
/// let _xray = xray_sdk::builder("orders").emitter(collector).install()?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct OtlpEmitter(Held);

impl OtlpEmitter {
    /// Starts the thread; nobody need be listening yet.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn new(endpoint: OtlpEndpoint) -> io::Result<Self> {
        let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false).max_redirects(0).build();
        let make = move || {
            let collector = Collector { agent: config.clone().into(), endpoint: endpoint.clone(), mapping: Mapping::default() };
            Box::new(move |documents: &[String]| collector.send(documents)) as Send
        };
        Held::start("xray-otlp", make).map(Self)
    }

    /// How long the end of a segment may wait for room. Default: a minute.
    #[must_use]
    pub fn wait_at_most(self, patience: Duration) -> Self {
        Self(self.0.wait_at_most(patience))
    }
}

emitter_with_buffer!(OtlpEmitter);

struct Collector {
    agent: ureq::Agent,
    endpoint: OtlpEndpoint,
    mapping: Mapping,
}

impl Collector {
    fn send(&self, documents: &[String]) -> io::Result<()> {
        let body = self.body(documents);
        if body.is_empty() {
            return Ok(());
        }
        let mut post = self.agent.post(&self.endpoint.url).content_type("application/x-protobuf");
        for (name, value) in &self.endpoint.headers {
            post = post.header(name, value);
        }
        let mut answer = post.send(&body).map_err(io::Error::other)?;
        let said = answer.body_mut().with_config().limit(ANSWER).read_to_vec().unwrap_or_default();
        match answer.status().as_u16() {
            200..=299 => warn_of_rejected(&said),
            status @ (429 | 502..=504) => return Err(io::Error::other(format!("status {status}"))),
            status => log::error!("X-Ray: the collector refuses spans with status {status}: {}", String::from_utf8_lossy(&said)),
        }
        Ok(())
    }

    /// One request with all spans; empty if there are none.
    fn body(&self, documents: &[String]) -> Vec<u8> {
        let mut whole = ExportTraceServiceRequest::default();
        for document in documents {
            match self.mapping.map(document) {
                Ok((resource, spans)) if !spans.is_empty() => whole.resource_spans.extend(request(resource, spans).resource_spans),
                Ok(_) => {}
                Err(error) => log::error!("X-Ray: a document cannot be mapped to spans: {error}"),
            }
        }
        whole.encode_to_vec()
    }
}

fn warn_of_rejected(answer: &[u8]) {
    let answer = ExportTraceServiceResponse::decode(answer).unwrap_or_default();
    if let Some(rejected) = answer.partial_success.filter(|partial| partial.rejected_spans > 0) {
        log::warn!("X-Ray: the collector rejected {} spans: {}", rejected.rejected_spans, rejected.error_message);
    }
}
