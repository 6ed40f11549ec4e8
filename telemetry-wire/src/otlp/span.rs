//! From a document to spans. The way back is `entity.rs`.

use super::attributes::Attributes;
use super::codes::{CLIENT, ERROR, INTERNAL, PARENT_IS_REMOTE, REMOTE_IS_KNOWN, SAMPLED, SERVER, implied_flags};
use super::message::{Span, SpanEvent, SpanLink, SpanStatus, any_value::Value};
use crate::document::{AnnotationValue, Aws, Document, Exception, Http, Sql};
use crate::id::{SegmentId, TraceId};

/// The document and all that is nested in it, parents first. Empty without a trace id; entities in progress are left out, since OTLP knows
/// ended spans only.
#[must_use]
pub fn spans_of(document: &Document) -> Vec<Span> {
    let Some(trace_id) = document.trace_id else { return Vec::new() };
    let mut spans = Vec::new();
    let mut waiting = vec![(document, document.parent_id)];
    while let Some((entity, parent)) = waiting.pop() {
        waiting.extend(entity.subsegments.iter().rev().map(|child| (child, Some(entity.id))));
        let is_segment = std::ptr::eq(entity, document) && !document.is_subsegment();
        spans.extend(entity.end_time.map(|end| span(entity, trace_id, parent, is_segment, end)));
    }
    spans
}

fn span(entity: &Document, trace_id: TraceId, parent: Option<SegmentId>, is_segment: bool, end: f64) -> Span {
    let is_remote = is_segment && parent.is_some();
    let kind = match (is_segment, entity.namespace.as_deref()) {
        (true, _) => SERVER,
        (false, Some("aws" | "remote")) => CLIENT,
        (false, _) => INTERNAL,
    };
    let end_time_unix_nano = nanoseconds(end);
    Span {
        trace_id: trace_id.as_u128().to_be_bytes().to_vec(),
        span_id: entity.id.as_u64().to_be_bytes().to_vec(),
        parent_span_id: parent.map(|id| id.as_u64().to_be_bytes().to_vec()).unwrap_or_default(),
        name: entity.name.clone(),
        kind,
        start_time_unix_nano: nanoseconds(entity.start_time),
        end_time_unix_nano,
        attributes: attributes(entity, is_segment),
        events: exceptions(entity).iter().map(|exception| event(exception, end_time_unix_nano)).collect(),
        links: entity
            .links
            .iter()
            .map(|link| SpanLink {
                trace_id: link.trace_id.as_u128().to_be_bytes().to_vec(),
                span_id: link.id.as_u64().to_be_bytes().to_vec(),
                ..SpanLink::default()
            })
            .collect(),
        status: status(entity),
        flags: SAMPLED | REMOTE_IS_KNOWN | if is_remote { PARENT_IS_REMOTE } else { 0 },
        ..Span::default()
    }
}

/// Documents have microseconds, and a float no more.
fn nanoseconds(seconds: f64) -> u64 {
    ((seconds * 1e6).round().max(0.0) as u64).saturating_mul(1_000)
}

fn exceptions(entity: &Document) -> &[Exception] {
    entity.cause.as_ref().map_or(&[], |cause| cause.exceptions())
}

/// Any of the three flags is an error, as the collector's X-Ray receiver has it; which one follows from the HTTP status, else is listed.
fn status(entity: &Document) -> Option<SpanStatus> {
    let flags = entity.flags();
    let message = exceptions(entity).first().and_then(|exception| exception.message.clone()).unwrap_or_default();
    flags.any().then_some(SpanStatus { message, code: ERROR })
}

fn attributes(entity: &Document, is_segment: bool) -> Vec<crate::otlp::KeyValue> {
    let mut attributes = Attributes::default();
    if let Some(http) = &entity.http {
        add_http(&mut attributes, http);
    }
    if let Some(sql) = &entity.sql {
        add_sql(&mut attributes, sql);
    }
    if let Some(aws) = entity.aws.as_ref().filter(|_| !is_segment) {
        add_aws(&mut attributes, aws);
    }
    let called = |namespace| (!is_segment && entity.namespace.as_deref() == Some(namespace)).then_some(entity.name.as_str());
    attributes
        .text("peer.service", called("remote"))
        .text("rpc.system", called("aws").map(|_| "aws-api"))
        .text("aws.service", called("aws"));
    add_flags(&mut attributes, entity);
    attributes.text("enduser.id", entity.user.as_deref()).flag("aws.xray.traced", entity.traced);
    let rule = entity.aws.as_ref().and_then(|aws| aws.xray.as_ref()?.sampling_rule_name.as_deref());
    attributes.text("aws.xray.sampling_rule", rule);
    add_pairs(&mut attributes, entity);
    attributes.take()
}

fn add_flags(attributes: &mut Attributes, entity: &Document) {
    let flags = entity.flags();
    let status = entity.http.as_ref().and_then(|http| http.response.status);
    if flags != implied_flags(status, flags.any()) {
        let listed = [("error", flags.error), ("throttle", flags.throttle), ("fault", flags.fault)];
        attributes.texts("aws.xray.flags", listed.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name));
    }
}

fn add_http(attributes: &mut Attributes, http: &Http) {
    attributes
        .text("http.request.method", http.request.method.as_deref())
        .text("url.full", http.request.url.as_deref())
        .text("user_agent.original", http.request.user_agent.as_deref())
        .text("client.address", http.request.client_ip.as_deref())
        .text("network.peer.address", http.request.client_ip.as_deref().filter(|_| !http.request.x_forwarded_for))
        .flag("aws.xray.x_forwarded_for", http.request.x_forwarded_for)
        .number("http.response.status_code", http.response.status)
        .number("http.response.body.size", http.response.content_length);
}

fn add_sql(attributes: &mut Attributes, sql: &Sql) {
    let system = sql.database_type.as_deref().map(str::to_ascii_lowercase);
    attributes
        .text("db.system.name", system.as_deref())
        .text("db.query.text", sql.sanitized_query.as_deref())
        .text("db.user", sql.user.as_deref())
        .text("db.connection_string", sql.connection_string.as_deref());
    let Some((host, database)) = sql.url.as_deref().and_then(|url| url.split_once("://")?.1.split_once('/')) else { return };
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port.parse::<u16>().ok()),
        _ => (host, None),
    };
    attributes
        .text("server.address", Some(host).filter(|host| !host.is_empty()))
        .number("server.port", port)
        .text("db.namespace", Some(database).filter(|database| !database.is_empty()));
}

fn add_aws(attributes: &mut Attributes, aws: &Aws) {
    attributes
        .text("aws.operation", aws.operation.as_deref())
        .text("aws.account_id", aws.account_id.as_deref())
        .text("aws.region", aws.region.as_deref())
        .text("aws.request_id", aws.request_id.as_deref())
        .text("aws.extended_request_id", aws.id_2.as_deref())
        .number("aws.xray.retries", aws.retries)
        .text("aws.queue_url", aws.queue_url.as_deref())
        .text("aws.table_name", aws.table_name.as_deref())
        .texts("aws.dynamodb.table_names", aws.table_names.iter().map(String::as_str))
        .texts("aws.xray.resource_names", aws.resource_names.iter().map(String::as_str));
}

/// Annotations by their own key, and a list of which they are; metadata as text, by namespace.
fn add_pairs(attributes: &mut Attributes, entity: &Document) {
    for (key, value) in &entity.annotations {
        attributes.add(
            key,
            match value {
                AnnotationValue::Bool(flag) => Value::Bool(*flag),
                AnnotationValue::Integer(number) => Value::Int(*number),
                // OpenTelemetry has no larger integers.
                AnnotationValue::Unsigned(number) => Value::Double(*number as f64),
                AnnotationValue::Float(number) => Value::Double(*number),
                AnnotationValue::Text(text) => Value::String(text.clone().into_owned()),
            },
        );
    }
    attributes.texts("aws.xray.annotations", entity.annotations.keys().map(String::as_str));
    for (namespace, entries) in &entity.metadata {
        attributes.add(format!("aws.xray.metadata.{namespace}"), Value::String(entries.to_string()));
    }
}

fn event(exception: &Exception, time_unix_nano: u64) -> SpanEvent {
    let mut attributes = Attributes::default();
    attributes
        .text("exception.type", exception.kind.as_deref())
        .text("exception.message", exception.message.as_deref())
        .text("exception.stacktrace", stack(exception).as_deref())
        .text("aws.xray.exception.id", Some(&exception.id.to_string()))
        .text("aws.xray.exception.cause", exception.cause.map(|id| id.to_string()).as_deref())
        .flag("aws.xray.exception.remote", exception.remote)
        .number("aws.xray.exception.truncated", exception.truncated)
        .number("aws.xray.exception.skipped", exception.skipped);
    SpanEvent { time_unix_nano, name: "exception".into(), attributes: attributes.take(), ..SpanEvent::default() }
}

/// `type: message`, then `at label (path:line)` for each frame.
fn stack(exception: &Exception) -> Option<String> {
    if exception.stack.is_empty() {
        return None;
    }
    let mut text = format!("{}: {}", exception.kind.as_deref().unwrap_or_default(), exception.message.as_deref().unwrap_or_default());
    for frame in &exception.stack {
        let label = frame.label.as_deref().unwrap_or_default();
        let path = frame.path.as_deref().unwrap_or_default();
        let line = frame.line.map(|line| format!(": {line}")).unwrap_or_default();
        text.push_str(&format!("\n\tat {label}({path}{line})"));
    }
    Some(text)
}
