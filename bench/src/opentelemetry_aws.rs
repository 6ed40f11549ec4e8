//! The same work with opentelemetry-aws, set up as its documentation says: its id generator, a root of kind server, UDP.

use std::error::Error;
use std::hint::black_box;
use std::net::UdpSocket;

use opentelemetry::trace::{Span as _, SpanKind, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, trace::SpanBuilder};
use opentelemetry_aws::trace::XrayIdGenerator;
use opentelemetry_aws::xray_exporter::daemon_client::XrayDaemonClient;
use opentelemetry_aws::xray_exporter::{SegmentTranslator, XrayExporter};
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider};

/// How spans become documents.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Documents {
    /// The default.
    OneEach,
    /// Subsegments inside their segment, as far as one batch holds them.
    Nested,
}

/// The exporter, and a socket in place of the daemon.
pub(crate) struct XrayExport {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    _daemon: UdpSocket,
}

impl XrayExport {
    pub(crate) fn install(documents: Documents) -> Result<Self, Box<dyn Error>> {
        let daemon = UdpSocket::bind("127.0.0.1:0")?;
        let translator = match documents {
            Documents::OneEach => SegmentTranslator::new(),
            Documents::Nested => SegmentTranslator::new().always_nest_subsegments(),
        };
        let exporter = XrayExporter::new(XrayDaemonClient::new(daemon.local_addr()?)?).with_translator(translator);
        let batch = BatchConfigBuilder::default().with_max_queue_size(65_536).build();
        let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batch).build();
        let provider = SdkTracerProvider::builder().with_id_generator(XrayIdGenerator::default()).with_span_processor(processor).build();
        let tracer = provider.tracer("bench");
        Ok(Self { provider, tracer, _daemon: daemon })
    }

    pub(crate) fn flush(&self) {
        if let Err(error) = self.provider.force_flush() {
            eprintln!("opentelemetry-aws: {error}");
        }
    }

    pub(crate) fn trace(&self, children: usize) {
        let root = SpanBuilder::from_name("root").with_kind(SpanKind::Server);
        let root = Context::new().with_span(self.tracer.build_with_context(root, &Context::new()));
        for _ in 0..children {
            let mut child = self.tracer.start_with_context("child", &root);
            black_box(&child);
            child.end();
        }
    }
}
