//! Segment documents as OpenTelemetry's OTLP, version 1, and back.
//!
//! [`spans_of`] and [`resource_of`] make spans of a document, [`DocumentMapping`] documents of spans: one mapping for whoever sends or takes
//! either. What both can say survives the way there and back.
//!
//! Attribute names are those of OpenTelemetry's semantic conventions 1.38 and, for what they have no name for, those that the X-Ray receiver
//! of the OpenTelemetry collector writes, so that its exporter makes the same document of the spans again. Field numbers are from
//! `opentelemetry-proto` 1.9.

mod json;

mod message;

mod json_value;

mod carried;

pub mod codes;

mod attributes;

mod request;

mod resource;

mod span;

mod known;

mod process;

mod stack;

mod mapping;

mod entity;

mod plan;

mod documents;

pub use carried::{CarriedError, CarriedSpans, carry};
pub use documents::{Documents, SpanDocument};
pub use mapping::DocumentMapping;
pub use message::{
    AnyValue, ArrayValue, ExportTraceServiceRequest, ExportTraceServiceResponse, InstrumentationScope, KeyValue, KeyValueList,
    PartialSuccess, Resource, ResourceSpans, ScopeSpans, Span, SpanEvent, SpanLink, SpanStatus, Status, any_value,
};
pub use prost::Message;
pub use request::{cut, request};
pub use resource::resource_of;
pub use span::spans_of;
