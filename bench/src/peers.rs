//! The same work with others, in their default configuration and with exporters that write nothing.

use std::hint::black_box;

use fastrace::Span;
use fastrace::collector::{Config, Reporter, SpanContext, SpanRecord};
use fastrace::local::LocalSpan;
use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, trace::TraceContextExt as _};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider, SpanData, SpanExporter};
use tracing_subscriber::layer::SubscriberExt as _;

struct Discard;

impl Reporter for Discard {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        black_box(spans);
    }
}

pub(crate) fn install_fastrace() {
    fastrace::set_reporter(Discard, Config::default());
}

pub(crate) fn flush_fastrace() {
    fastrace::flush();
}

pub(crate) fn fastrace_span(children: usize) {
    let root = Span::root("root", SpanContext::random());
    (0..children).for_each(|_| drop(black_box(Span::enter_with_parent("child", &root))));
}

pub(crate) fn fastrace_local(children: usize) {
    let root = Span::root("root", SpanContext::random());
    let _guard = root.set_local_parent();
    (0..children).for_each(|_| drop(black_box(LocalSpan::enter_with_local_parent("child"))));
}

pub(crate) fn fastrace_properties(children: usize) {
    let root = Span::root("root", SpanContext::random());
    for number in 0..children {
        let properties = || [("a", number.to_string()), ("b", true.to_string()), ("c", 0.5.to_string())];
        drop(black_box(Span::enter_with_parent("child", &root).with_properties(properties)));
    }
}

pub(crate) fn fastrace_unsampled(children: usize) {
    let root = Span::noop();
    (0..children).for_each(|_| drop(black_box(Span::enter_with_parent("child", &root))));
}

#[derive(Debug)]
struct DiscardExporter;

impl SpanExporter for DiscardExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        black_box(batch);
        Ok(())
    }
}

/// The SDK by itself and below tracing.
pub(crate) struct OpenTelemetry {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    subscriber: tracing::Dispatch,
}

impl OpenTelemetry {
    pub(crate) fn install() -> Self {
        let batch = BatchConfigBuilder::default().with_max_queue_size(65_536).build();
        let processor = BatchSpanProcessor::builder(DiscardExporter).with_batch_config(batch).build();
        let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
        let tracer = provider.tracer("bench");
        let layer = tracing_opentelemetry::layer().with_tracer(tracer.clone());
        Self { provider, tracer, subscriber: tracing_subscriber::registry().with(layer).into() }
    }

    pub(crate) fn flush(&self) {
        if let Err(error) = self.provider.force_flush() {
            eprintln!("opentelemetry: {error}");
        }
    }

    pub(crate) fn direct(&self, children: usize) {
        let root = Context::new().with_span(self.tracer.start_with_context("root", &Context::new()));
        for _ in 0..children {
            black_box(self.tracer.start_with_context("child", &root)).end();
        }
    }

    pub(crate) fn tracing(&self, children: usize) {
        tracing::dispatcher::with_default(&self.subscriber, || {
            let _root = tracing::info_span!("root").entered();
            (0..children).for_each(|_| drop(black_box(tracing::info_span!("child").entered())));
        });
    }
}
