//! An application with OpenTelemetry, its spans as segments: exporter, propagator, X-Ray's sampling rules, ids that X-Ray takes.

use opentelemetry::trace::{Span as _, SpanKind, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use xray_opentelemetry::{XrayExporter, XrayIdGenerator, XrayPropagator, XraySampler};
use xray_sdk::sampling::SampleAll;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let exporter = XrayExporter::udp()?.index(["tenant"]);
    let counts = exporter.counts();
    let provider = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name("orders").build())
        .with_id_generator(XrayIdGenerator::default())
        // `CentralSampler::new("127.0.0.1:2000", LocalSampler::default())` asks X-Ray for its rules.
        .with_sampler(XraySampler::new("orders", SampleAll))
        .with_batch_exporter(exporter)
        .build();
    opentelemetry::global::set_text_map_propagator(XrayPropagator);

    let tracer = provider.tracer("example");
    let root = tracer.span_builder("POST /orders").with_kind(SpanKind::Server).start(&tracer);
    let context = Context::new().with_span(root);
    let mut charge = tracer.start_with_context("charge", &context);
    charge.set_attribute(KeyValue::new("tenant", "t1"));
    charge.end();
    context.span().end();

    let trace = context.span().span_context().trace_id();
    provider.shutdown()?;
    println!("trace {trace}: {:?}", counts());
    Ok(())
}
