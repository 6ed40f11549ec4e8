//! The same work with others, in their default configuration and with exporters that write nothing.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};

use fastrace::Span;
use fastrace::collector::{Config, Reporter, SpanContext, SpanRecord};
use fastrace::local::LocalSpan;
use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, trace::TraceContextExt as _};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider, SpanData, SpanExporter};
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
    spans_below(&root, children);
}

fn spans_below(root: &Span, children: usize) {
    for _ in 0..children {
        let child = Span::enter_with_parent("child", root);
        black_box(&child);
    }
}

pub(crate) fn fastrace_local(children: usize) {
    let root = Span::root("root", SpanContext::random());
    let _guard = root.set_local_parent();
    for _ in 0..children {
        let child = LocalSpan::enter_with_local_parent("child");
        black_box(&child);
    }
}

pub(crate) fn fastrace_properties(children: usize) {
    let root = Span::root("root", SpanContext::random());
    for number in 0..children {
        let properties = || [("a", number.to_string()), ("b", true.to_string()), ("c", 0.5.to_string())];
        let child = Span::enter_with_parent("child", &root).with_properties(properties);
        black_box(&child);
    }
}

pub(crate) fn fastrace_unsampled(children: usize) {
    let root = Span::noop();
    spans_below(&root, children);
}

#[derive(Debug)]
pub(crate) struct DiscardExporter;

impl SpanExporter for DiscardExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        EXPORTED.fetch_add(batch.len(), Ordering::Relaxed);
        black_box(batch);
        Ok(())
    }
}

/// Spans that reached an exporter: nobody is to be faster by dropping, or by not recording at all.
static EXPORTED: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn exported() -> usize {
    EXPORTED.load(Ordering::Relaxed)
}

/// The SDK by itself and below tracing.
pub(crate) struct OpenTelemetry {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    never: SdkTracer,
    subscriber: tracing::Dispatch,
}

impl OpenTelemetry {
    pub(crate) fn install() -> Self {
        let batch = BatchConfigBuilder::default().with_max_queue_size(65_536).build();
        let processor = BatchSpanProcessor::builder(DiscardExporter).with_batch_config(batch).build();
        let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
        let tracer = provider.tracer("bench");
        let layer = tracing_opentelemetry::layer().with_tracer(tracer.clone());
        let never = SdkTracerProvider::builder().with_sampler(Sampler::AlwaysOff).build().tracer("bench");
        Self { provider, tracer, never, subscriber: tracing_subscriber::registry().with(layer).into() }
    }

    pub(crate) fn flush(&self) {
        if let Err(error) = self.provider.force_flush() {
            eprintln!("opentelemetry: {error}");
        }
    }

    pub(crate) fn direct(&self, children: usize) {
        spans(&self.tracer, children);
    }

    pub(crate) fn unsampled(&self, children: usize) {
        spans(&self.never, children);
    }

    pub(crate) fn tracing(&self, children: usize) {
        tracing::dispatcher::with_default(&self.subscriber, || {
            let _root = tracing::info_span!("root").entered();
            for _ in 0..children {
                let child = tracing::info_span!("child").entered();
                black_box(&child);
            }
        });
    }
}

fn spans(tracer: &SdkTracer, children: usize) {
    let root = Context::new().with_span(tracer.start_with_context("root", &Context::new()));
    for _ in 0..children {
        let mut child = tracer.start_with_context("child", &root);
        black_box(&child);
        child.end();
    }
}
