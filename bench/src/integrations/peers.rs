//! OpenTelemetry as services have it: `tracing` with an info filter into a batch that is thrown away; and the SDK of the version before,
//! which `sqlx-otel` speaks to.

use std::cell::Cell;
use std::error::Error;
use std::hint::black_box;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_0_32::trace::{TraceContextExt as _, Tracer as _, TracerProvider as _};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::peers::{DiscardExporter, exported};

/// Spans of `tracing`.
pub(super) struct Tracing {
    provider: opentelemetry_sdk::trace::SdkTracerProvider,
    subscriber: tracing::Dispatch,
    exported: Cell<usize>,
}

impl Tracing {
    pub(super) fn new() -> Self {
        let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder().with_batch_exporter(DiscardExporter).build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
        // The AWS SDK has its operations at debug.
        let filter = Targets::new().with_default(LevelFilter::INFO).with_target("aws_sdk_dynamodb", LevelFilter::DEBUG);
        Self { provider, subscriber: tracing_subscriber::registry().with(layer).with(filter).into(), exported: Cell::default() }
    }

    /// Makes one call first: a callsite that is met outside of the only subscriber is off for good.
    pub(super) fn warm(&self, call: impl FnOnce() -> Result<(), Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
        let warmed = self.in_root(call);
        self.flush(1);
        warmed
    }

    /// Runs `work` below a span.
    pub(super) fn in_root<R>(&self, work: impl FnOnce() -> R) -> R {
        tracing::dispatcher::with_default(&self.subscriber, || tracing::info_span!("root").in_scope(work))
    }

    /// Runs `work` without one.
    pub(super) fn within<R>(&self, work: impl FnOnce() -> R) -> R {
        tracing::dispatcher::with_default(&self.subscriber, work)
    }

    /// Brings out `count` spans or more.
    pub(super) fn flush(&self, count: u32) {
        let before = self.exported.get();
        if let Err(error) = self.provider.force_flush() {
            eprintln!("opentelemetry: {error}");
        }
        let now = exported();
        self.exported.set(now);
        if now - before < count as usize {
            eprintln!("opentelemetry: {} spans of {count} came out, so these figures say nothing", now - before);
        }
    }
}

#[derive(Debug)]
struct Discard;

impl opentelemetry_sdk_0_32::trace::SpanExporter for Discard {
    async fn export(&self, batch: Vec<opentelemetry_sdk_0_32::trace::SpanData>) -> opentelemetry_sdk_0_32::error::OTelSdkResult {
        black_box(batch);
        Ok(())
    }
}

/// OpenTelemetry 0.32, installed globally.
pub(super) struct Before {
    provider: opentelemetry_sdk_0_32::trace::SdkTracerProvider,
}

impl Before {
    pub(super) fn install() -> Self {
        let provider = opentelemetry_sdk_0_32::trace::SdkTracerProvider::builder().with_batch_exporter(Discard).build();
        opentelemetry_0_32::global::set_tracer_provider(provider.clone());
        Self { provider }
    }

    /// Runs `work` below a span.
    pub(super) fn in_root(&self, work: impl FnOnce() -> Result<(), Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
        let root = self.provider.tracer("bench").start("root");
        let _entered = opentelemetry_0_32::Context::new().with_span(root).attach();
        work()
    }

    pub(super) fn flush(&self) {
        if let Err(error) = self.provider.force_flush() {
            eprintln!("opentelemetry 0.32: {error}");
        }
    }
}
