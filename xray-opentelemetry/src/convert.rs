//! From the SDK's spans to those of OTLP, whose mapping to documents is `telemetry_wire`'s. Texts are moved where the SDK owns them.

use opentelemetry::trace::{Event, Link, SpanKind, Status};
use opentelemetry::{Array, KeyValue, SpanId, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;
use telemetry_wire::otlp::{self, any_value, codes};

use crate::incoming::stand_in_parent;

pub(crate) fn resource(resource: &Resource) -> otlp::Resource {
    let attributes = resource.iter().map(|(key, value)| pair(KeyValue::new(key.clone(), value.clone()))).collect();
    otlp::Resource { attributes, ..otlp::Resource::default() }
}

pub(crate) fn span(span: SpanData) -> otlp::Span {
    let trace = span.span_context.trace_id();
    let parent = Some(span.parent_span_id).filter(|&parent| parent != SpanId::INVALID && parent != stand_in_parent(trace));
    let is_remote = if span.parent_span_is_remote { codes::PARENT_IS_REMOTE } else { 0 };
    otlp::Span {
        trace_id: trace.to_bytes().to_vec(),
        span_id: span.span_context.span_id().to_bytes().to_vec(),
        parent_span_id: parent.map(|parent| parent.to_bytes().to_vec()).unwrap_or_default(),
        name: span.name.into_owned(),
        kind: kind(&span.span_kind),
        start_time_unix_nano: nanoseconds(span.start_time),
        end_time_unix_nano: nanoseconds(span.end_time),
        attributes: span.attributes.into_iter().map(pair).collect(),
        events: span.events.into_iter().map(event).collect(),
        links: span.links.into_iter().map(link).collect(),
        status: status(span.status),
        flags: codes::REMOTE_IS_KNOWN | is_remote,
        ..otlp::Span::default()
    }
}

const fn kind(kind: &SpanKind) -> i32 {
    match kind {
        SpanKind::Internal => codes::INTERNAL,
        SpanKind::Server => codes::SERVER,
        SpanKind::Client => codes::CLIENT,
        SpanKind::Producer => codes::PRODUCER,
        SpanKind::Consumer => codes::CONSUMER,
    }
}

fn status(status: Status) -> Option<otlp::SpanStatus> {
    match status {
        Status::Error { description } => Some(otlp::SpanStatus { message: description.into_owned(), code: codes::ERROR }),
        Status::Unset | Status::Ok => None,
    }
}

/// Times before the epoch become the epoch.
fn nanoseconds(time: std::time::SystemTime) -> u64 {
    let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn event(event: Event) -> otlp::SpanEvent {
    otlp::SpanEvent {
        time_unix_nano: nanoseconds(event.timestamp),
        name: event.name.into_owned(),
        attributes: event.attributes.into_iter().map(pair).collect(),
        ..otlp::SpanEvent::default()
    }
}

fn link(link: Link) -> otlp::SpanLink {
    otlp::SpanLink {
        trace_id: link.span_context.trace_id().to_bytes().to_vec(),
        span_id: link.span_context.span_id().to_bytes().to_vec(),
        ..otlp::SpanLink::default()
    }
}

fn pair(pair: KeyValue) -> otlp::KeyValue {
    otlp::KeyValue { key: pair.key.into(), value: Some(any(pair.value)) }
}

fn any(value: Value) -> otlp::AnyValue {
    let value = match value {
        Value::Bool(flag) => any_value::Value::Bool(flag),
        Value::I64(number) => any_value::Value::Int(number),
        Value::F64(number) => any_value::Value::Double(number),
        Value::String(text) => any_value::Value::String(text.into()),
        Value::Array(array) => any_value::Value::Array(otlp::ArrayValue { values: values(array) }),
        other => any_value::Value::String(other.to_string()),
    };
    otlp::AnyValue { value: Some(value) }
}

fn values(array: Array) -> Vec<otlp::AnyValue> {
    match array {
        Array::Bool(flags) => flags.into_iter().map(|flag| any(flag.into())).collect(),
        Array::I64(numbers) => numbers.into_iter().map(|number| any(number.into())).collect(),
        Array::F64(numbers) => numbers.into_iter().map(|number| any(number.into())).collect(),
        Array::String(texts) => texts.into_iter().map(|text| any(text.into())).collect(),
        other => vec![any(Value::String(other.to_string().into()))],
    }
}
