//! Segment documents as OpenTelemetry's OTLP, protobuf, version 1.
//!
//! Attribute names are those of OpenTelemetry's semantic conventions 1.38 and, for what they have no name for, those that the X-Ray receiver
//! of the OpenTelemetry collector writes, so that its exporter makes the same document of the spans again. Field numbers are from
//! `opentelemetry-proto` 1.9.

mod attributes;

mod message;

mod request;

mod resource;

mod span;

pub use message::{
    AnyValue, ArrayValue, ExportTraceServiceRequest, ExportTraceServiceResponse, InstrumentationScope, KeyValue, KeyValueList,
    PartialSuccess, Resource, ResourceSpans, ScopeSpans, Span, SpanEvent, SpanLink, SpanStatus, any_value,
};
pub use prost::Message;
pub use request::request;
pub use resource::resource_of;
pub use span::spans_of;

/// Before the base64 text of a request in a datagram, when its spans are sampled; as the X-Ray distributions of OpenTelemetry send it.
pub const SAMPLED: &[u8; 3] = b"T1S";

/// The same when they are not sampled.
pub const UNSAMPLED: &[u8; 3] = b"T1U";
