//! Segments as OpenTelemetry's spans, to a collector or to CloudWatch's OTLP endpoint.

mod spans;

mod endpoint;

mod export_traces;

pub(crate) use export_traces::ExportTraces;
