//! From a span to the name, flags and blocks of a segment or subsegment, as AWS's exporter maps them. The way back is `span.rs`.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value as Json;

use super::codes::{CLIENT, ERROR, PRODUCER, SERVER, implied_flags, segment_id, trace_id};
use super::known::{Known, LEVELS, json, pairs, shallow};
use super::mapping::DocumentMapping;
use super::message::{Span, SpanLink, any_value::Value};
use super::process::Process;
use super::stack::exceptions;
use crate::document::{AnnotationValue, Aws, Cause, CauseDetail, Details, Flags, Http, HttpRequest, HttpResponse, Link, Sql, XrayInfo};
use crate::redact::{redact_attribute, redact_connection_string, redact_urls};
use crate::sql_lexer::SqlDialect;
use crate::sql_text::sanitize_sql;

/// A span, mapped.
#[derive(Debug)]
pub(super) struct Mapped {
    pub(super) name: String,
    pub(super) flags: Flags,
    pub(super) details: Details,
}

/// Maps a span that opens a segment, or one that does not.
pub(super) fn map(span: &Span, is_segment: bool, process: &Process, mapping: &DocumentMapping) -> Mapped {
    let known = Known::new(&span.attributes);
    let is_aws = is_aws(&known);
    let name = if is_segment { process.name.clone() } else { name_of_call(span.kind, &known, is_aws) };
    let name = name.unwrap_or_else(|| redact_urls(&span.name).into_owned());
    let http = http(span, &known);
    let flags = flags(span, &known, http.as_ref().and_then(|http| http.response.status));
    let mut details = Details {
        aws: aws(&known, is_aws).map(Box::new),
        user: known.owned(&["enduser.id", "user.id"]),
        traced: known.flag(&["aws.xray.traced"]),
        http: http.map(Box::new),
        links: span.links.iter().filter_map(link).collect(),
        ..Details::default()
    };
    if !is_segment {
        details.sql = sql(&known).map(Arc::new);
        details.namespace = namespace(span.kind, is_aws).map(Cow::Borrowed);
    }
    let mut exceptions = exceptions(span, is_call(span.kind), &known);
    for message in exceptions.iter_mut().filter_map(|exception| exception.message.as_mut()) {
        *message = redact_urls(message).into_owned();
    }
    let is_said = |message: &str| exceptions.iter().any(|exception| exception.message.as_deref() == Some(message));
    if let Some(status) = span.status.as_ref().filter(|status| !status.message.is_empty() && !is_said(&redact_urls(&status.message))) {
        details.add_metadata("default".into(), "otel.status.description".to_owned(), redact_urls(&status.message).into_owned().into());
    }
    if !exceptions.is_empty() {
        details.cause = Some(Box::new(Cause::Here(CauseDetail { exceptions, ..CauseDetail::default() })));
    }
    add_pairs(&known, mapping, &mut details);
    add_rest(span, &name, if is_segment { &process.rest } else { &[] }, &mut details);
    Mapped { name, flags, details }
}

/// Only AWS's own calls have a block for what the attribute says.
fn is_aws(known: &Known<'_>) -> bool {
    const SYSTEM: [&str; 2] = ["rpc.system.name", "rpc.system"];
    known.peek(&SYSTEM) == Some("aws-api") && known.text(&SYSTEM).is_some() || known.peek(&["aws.service"]).is_some()
}

const fn is_call(kind: i32) -> bool {
    matches!(kind, CLIENT | PRODUCER)
}

const fn namespace(kind: i32, is_aws: bool) -> Option<&'static str> {
    match kind {
        _ if is_aws => Some("aws"),
        kind if is_call(kind) => Some("remote"),
        _ => None,
    }
}

/// Calls have the name of what is called.
fn name_of_call(kind: i32, known: &Known<'_>, is_aws: bool) -> Option<String> {
    // `rpc.method` is `S3/GetObject` by the newer conventions.
    let of_method = || known.peek(&["rpc.method"])?.split_once('/').map(|(service, _)| service);
    let service =
        || known.text(&["rpc.service", "aws.service"]).or_else(of_method).map(|name| name.trim_start_matches("AWS.SDK.").to_owned());
    let database = || {
        let database = known.text(&["db.namespace", "db.name"])?;
        Some(format!("{database}@{}", known.text(&["server.address", "net.peer.name"]).unwrap_or("localhost")))
    };
    let host = || known.owned(&["server.address", "net.peer.name", "http.host"]);
    if !is_call(kind) {
        return None;
    }
    known.owned(&["peer.service", "service.peer.name"]).or_else(|| is_aws.then(service)?).or_else(database).or_else(host)
}

/// Those that are listed, else those that the status implies.
fn flags(span: &Span, known: &Known<'_>, status: Option<u16>) -> Flags {
    let listed = known.texts(&["aws.xray.flags"]);
    if listed.is_empty() {
        return implied_flags(status, span.status.as_ref().is_some_and(|status| status.code == ERROR));
    }
    Flags { error: listed.contains(&"error"), fault: listed.contains(&"fault"), throttle: listed.contains(&"throttle") }
}

fn http(span: &Span, known: &Known<'_>) -> Option<Http> {
    let method = known.owned(&["http.request.method", "http.method"]);
    let status = known.number(&["http.response.status_code", "http.status_code"]);
    let user_agent = known.owned(&["user_agent.original", "http.user_agent"]);
    let is_http = method.is_some() || status.is_some() || user_agent.is_some() || known.peek(&["url.full", "http.url"]).is_some();
    if !is_http {
        return None;
    }
    let of_caller = |names: &[&str]| if is_call(span.kind) { None } else { known.owned(names) };
    let client = of_caller(&["client.address", "http.client_ip"]);
    let peer = of_caller(&["network.peer.address", "net.peer.ip", "net.sock.peer.addr"]);
    let x_forwarded_for = known.flag(&["aws.xray.x_forwarded_for"]) || client.is_some() && client != peer;
    let content_length = known.number(&["http.response.body.size", "http.response_content_length"]);
    let request = HttpRequest { method, url: url(span.kind, known), user_agent, x_forwarded_for, client_ip: client.or(peer) };
    Some(Http { request, response: HttpResponse { status, content_length } })
}

/// Returns the URL without credentials, query and fragment.
fn url(kind: i32, known: &Known<'_>) -> Option<String> {
    if let Some(full) = known.text(&["url.full", "http.url"]) {
        let plain = full.split(['?', '#']).next().unwrap_or_default();
        return plain.contains("://").then(|| redact_urls(plain).into_owned());
    }
    let scheme = known.text(&["url.scheme", "http.scheme"]).unwrap_or("http");
    let path = known.text(&["url.path", "http.target"]).map_or("/", |path| path.split('?').next().unwrap_or("/"));
    let host = known.text(&["server.address", "http.host", "net.host.name", "net.peer.name"]);
    let host = host.or_else(|| known.text(&["http.server_name"]).filter(|_| kind == SERVER))?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let port: Option<u16> = known.number(&["server.port", "net.host.port", "net.peer.port"]);
    let shown = port.filter(|port| !host.contains(':') && !matches!((scheme, port), ("http", 80) | ("https", 443)));
    Some(format!("{scheme}://{host}{}{path}", shown.map(|port| format!(":{port}")).unwrap_or_default()))
}

fn aws(known: &Known<'_>, is_aws: bool) -> Option<Aws> {
    let of_aws = |names: &[&str]| if is_aws { known.text(names) } else { None };
    let method = || of_aws(&["rpc.method"]).map(|method| method.rsplit('/').next().unwrap_or(method).to_owned());
    let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let mut tables = owned(known.texts(&["aws.dynamodb.table_names", "aws.table_name"]));
    let rule = known.owned(&["aws.xray.sampling_rule"]);
    let bucket = of_aws(&["aws.s3.bucket"]).map(|bucket| ("bucket_name".to_owned(), Json::from(bucket)));
    let aws = Aws {
        more: bucket.into_iter().collect(),
        account_id: known.owned(&["aws.account_id"]),
        operation: known.owned(&["aws.operation"]).or_else(method),
        region: of_aws(&["aws.region", "cloud.region"]).map(str::to_owned),
        request_id: known.owned(&["aws.request_id", "aws.requestId"]),
        id_2: known.owned(&["aws.extended_request_id"]),
        retries: known.number(&["aws.xray.retries"]),
        queue_url: known.owned(&["aws.sqs.queue.url", "messaging.url", "aws.queue_url"]),
        table_name: (tables.len() == 1).then(|| tables.remove(0)),
        table_names: tables,
        resource_names: owned(known.texts(&["aws.xray.resource_names"])),
        xray: rule.map(|rule| XrayInfo { sampling_rule_name: Some(rule), ..XrayInfo::default() }),
        ..Aws::default()
    };
    (aws != Aws::default()).then_some(aws)
}

/// Databases that speak SQL; the others' attributes stay what they are.
const SQL: [&str; 12] = [
    "db2",
    "derby",
    "hive",
    "mariadb",
    "mssql",
    "microsoft.sql_server",
    "mysql",
    "oracle",
    "oracle.db",
    "postgresql",
    "sqlite",
    "other_sql",
];

fn sql(known: &Known<'_>) -> Option<Sql> {
    let system = known.peek(&["db.system.name", "db.system"]).filter(|system| SQL.contains(system))?;
    let database_type = known.owned(&["db.system.name", "db.system"]);
    let database = known.text(&["db.namespace", "db.name"]).unwrap_or_default();
    let port = known.number::<u16>(&["server.port", "net.peer.port"]).map(|port| format!(":{port}")).unwrap_or_default();
    let url = known.text(&["server.address", "net.peer.name"]).map(|host| format!("{system}://{host}{port}/{database}"));
    Some(Sql {
        url,
        database_type,
        connection_string: known.text(&["db.connection_string"]).map(redact_connection_string).filter(|text| !text.is_empty()),
        user: known.owned(&["db.user"]),
        // The conventions ask instrumentation to leave out literals, and many do not.
        sanitized_query: known.text(&["db.query.text", "db.statement"]).map(|text| sanitize_sql(text, SqlDialect::of(system))),
        ..Sql::default()
    })
}

fn link(link: &SpanLink) -> Option<Link> {
    Some(Link { trace_id: trace_id(&link.trace_id)?, id: segment_id(&link.span_id)? })
}

/// Annotations and namespaces of one span, many times what X-Ray indexes: each is looked for among the others. More are metadata by default.
const PAIRS: usize = 500;

/// What the mapping has no place for: annotations, if the span or the settings name them, else metadata.
fn add_pairs(known: &Known<'_>, mapping: &DocumentMapping, details: &mut Details) {
    let listed: HashSet<&str> = known.texts(&["aws.xray.annotations"]).into_iter().collect();
    for (key, value) in known.left() {
        let is_indexed = mapping.indexes_all || mapping.indexed.contains(key) || listed.contains(key);
        let has_room = details.annotations.len() < PAIRS && details.metadata.len() < PAIRS;
        if let Some(value) = annotation(key, value).filter(|_| is_indexed && has_room) {
            details.annotate(Cow::Owned(key.to_owned()), value);
        } else if let Some((namespace, entries)) = namespace_of(key, value).filter(|_| has_room) {
            let entries = entries.into_iter().map(|(key, value)| (key, shallow(value, LEVELS)));
            entries.for_each(|(key, value)| details.add_metadata(namespace.clone().into(), key, value));
        } else {
            details.add_metadata("default".into(), key.to_owned(), redacted(key, json(value)));
        }
    }
}

/// Removes credentials from all texts of a value.
fn redacted(key: &str, value: Json) -> Json {
    match value {
        Json::String(text) => redact_attribute(key, &text).into_owned().into(),
        Json::Array(list) => list.into_iter().map(|value| redacted(key, value)).collect(),
        Json::Object(map) => map.into_iter().map(|(name, value)| (name.clone(), redacted(&name, value))).collect(),
        plain => plain,
    }
}

/// `aws.xray.metadata.NAMESPACE` holds a JSON object.
fn namespace_of(key: &str, value: &Value) -> Option<(String, serde_json::Map<String, Json>)> {
    let namespace = key.strip_prefix("aws.xray.metadata.")?;
    match value {
        Value::String(text) => Some((namespace.to_owned(), serde_json::from_str(text).ok()?)),
        _ => None,
    }
}

fn annotation(key: &str, value: &Value) -> Option<AnnotationValue> {
    match value {
        Value::Bool(flag) => Some((*flag).into()),
        Value::Int(number) => Some((*number).into()),
        // JSON has no word for NaN and infinities; as metadata they are text.
        Value::Double(number) => number.is_finite().then(|| (*number).into()),
        Value::String(text) => Some(redact_attribute(key, text).into_owned().into()),
        _ => None,
    }
}

/// What the document has no other place for.
fn add_rest(span: &Span, name: &str, of_process: &[(String, Json)], details: &mut Details) {
    for (key, value) in of_process {
        details.add_metadata("default".into(), format!("otel.resource.{key}"), value.clone());
    }
    if span.name != name && !span.name.is_empty() {
        details.add_metadata("default".into(), "otel.span.name".to_owned(), redact_urls(&span.name).into_owned().into());
    }
    let events = span.events.iter().filter(|event| event.name != "exception");
    let events: Vec<Json> =
        events.map(|event| serde_json::json!({ "name": event.name, "attributes": redacted("", pairs(&event.attributes)) })).collect();
    if !events.is_empty() {
        details.add_metadata("default".into(), "otel.events".to_owned(), events.into());
    }
}
