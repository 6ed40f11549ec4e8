//! From a span to the name, flags and blocks of a segment or subsegment, as AWS maps them.

use std::sync::Arc;

use std::borrow::Cow;
use std::collections::HashSet;

use opentelemetry::Value;
use opentelemetry::trace::{Event, SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;
use telemetry_wire::{
    AnnotationValue, Aws, Cause, CauseDetail, Details, Exception, Flags, Http, HttpRequest, HttpResponse, Link, SegmentId, Sql, TraceId,
    XrayInfo,
};

use crate::attributes::{Attributes, SAMPLING_RULE, json};

/// A span, mapped.
#[derive(Debug)]
pub(crate) struct Mapped {
    pub(crate) name: String,
    pub(crate) flags: Flags,
    pub(crate) details: Details,
}

/// What the mapping needs to know beside the span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mapping<'a> {
    pub(crate) service: Option<&'a str>,
    pub(crate) indexed: &'a HashSet<String>,
    pub(crate) indexes_all: bool,
}

impl Mapping<'_> {
    /// Maps a span that opens a segment, or one that does not.
    pub(crate) fn map(self, span: &SpanData, is_segment: bool) -> Mapped {
        let known = Attributes::new(&span.attributes);
        let is_aws = known.text(&["rpc.system.name", "rpc.system"]) == Some("aws-api") || known.text(&["aws.service"]).is_some();
        let name = self.name(span, &known, is_segment, is_aws);
        let http = http(span, &known);
        let status = http.as_ref().and_then(|http| http.response.status);
        let mut details =
            Details { aws: aws(&known, is_aws).map(Box::new), user: known.owned(&["enduser.id", "user.id"]), ..Details::default() };
        details.traced = known.flag(&["aws.xray.traced"]);
        details.http = http.map(Box::new);
        if !is_segment {
            details.sql = sql(span, &known).map(Arc::new);
            details.namespace = namespace(span, is_aws).map(Cow::Borrowed);
        }
        details.links = links(span);
        let is_error = matches!(span.status, Status::Error { .. });
        let flags = match status.map(Flags::of_status).filter(|flags| flags.error || flags.fault) {
            Some(flags) => flags,
            None => Flags { fault: is_error, ..Flags::default() },
        };
        let exceptions = exceptions(span);
        if !exceptions.is_empty() {
            details.cause = Some(Box::new(Cause::Here(CauseDetail { exceptions, ..CauseDetail::default() })));
        }
        self.add_rest(span, &known, &name, &mut details);
        Mapped { name, flags, details }
    }

    fn name(self, span: &SpanData, known: &Attributes<'_>, is_segment: bool, is_aws: bool) -> String {
        let of_call = || {
            let peer = known.owned(&["peer.service", "service.peer.name"]);
            let service = || {
                known.text(&["rpc.service", "aws.service"]).filter(|_| is_aws).map(|name| name.trim_start_matches("AWS.SDK.").to_owned())
            };
            let database = || {
                let database = known.text(&["db.namespace", "db.name"])?;
                Some(format!("{database}@{}", known.text(&["server.address", "net.peer.name"]).unwrap_or("localhost")))
            };
            let host = || known.owned(&["server.address", "net.peer.name", "http.host"]);
            peer.or_else(service).or_else(database).or_else(host)
        };
        let is_call = matches!(span.span_kind, SpanKind::Client | SpanKind::Producer);
        let named = if is_segment { self.service.map(str::to_owned) } else { of_call().filter(|_| is_call) };
        named.unwrap_or_else(|| span.name.to_string())
    }

    /// What the mapping has no place for.
    fn add_rest(self, span: &SpanData, known: &Attributes<'_>, name: &str, details: &mut Details) {
        for pair in known.left() {
            let key = pair.key.as_str();
            match annotation(&pair.value).filter(|_| self.indexes_all || self.indexed.contains(key)) {
                Some(value) => drop(details.annotate(Cow::Owned(key.to_owned()), value)),
                None => details.add_metadata("default".into(), key.to_owned(), json(&pair.value)),
            }
        }
        if *span.name != *name {
            details.add_metadata("default".into(), "otel.span.name".to_owned(), span.name.as_ref().into());
        }
        let events: Vec<serde_json::Value> = span.events.iter().filter(|event| event.name != "exception").map(event_json).collect();
        if !events.is_empty() {
            details.add_metadata("default".into(), "otel.events".to_owned(), events.into());
        }
    }
}

fn event_json(event: &Event) -> serde_json::Value {
    let attributes: serde_json::Map<String, serde_json::Value> =
        event.attributes.iter().map(|pair| (pair.key.as_str().to_owned(), json(&pair.value))).collect();
    serde_json::json!({ "name": event.name, "attributes": attributes })
}

fn annotation(value: &Value) -> Option<AnnotationValue> {
    match value {
        Value::Bool(flag) => Some((*flag).into()),
        Value::I64(number) => Some((*number).into()),
        Value::F64(number) => Some((*number).into()),
        Value::String(text) => Some(text.as_str().to_owned().into()),
        _ => None,
    }
}

fn namespace(span: &SpanData, is_aws: bool) -> Option<&'static str> {
    match span.span_kind {
        _ if is_aws => Some("aws"),
        SpanKind::Client | SpanKind::Producer => Some("remote"),
        SpanKind::Server | SpanKind::Consumer | SpanKind::Internal => None,
    }
}

fn http(span: &SpanData, known: &Attributes<'_>) -> Option<Http> {
    let method = known.owned(&["http.request.method", "http.method"]);
    let status = known.number(&["http.response.status_code", "http.status_code"]).and_then(|status| u16::try_from(status).ok());
    let user_agent = known.owned(&["user_agent.original", "http.user_agent"]);
    let url = url(span, known);
    if method.is_none() && status.is_none() && user_agent.is_none() {
        return None;
    }
    let forwarded = known.owned(&["client.address", "http.client_ip"]);
    let peer = known.owned(&["network.peer.address", "net.peer.ip", "net.sock.peer.addr"]);
    let length = known.number(&["http.response.body.size", "http.response_content_length"]).and_then(|length| u64::try_from(length).ok());
    let x_forwarded_for = forwarded.is_some() && peer.is_none();
    let client_ip = forwarded.or(peer).filter(|_| span.span_kind == SpanKind::Server);
    let request = HttpRequest { method, url, user_agent, x_forwarded_for: x_forwarded_for && client_ip.is_some(), client_ip };
    Some(Http { request, response: HttpResponse { status, content_length: length } })
}

/// Without credentials, query and fragment.
fn url(span: &SpanData, known: &Attributes<'_>) -> Option<String> {
    if let Some(full) = known.text(&["url.full", "http.url"]) {
        let plain = full.split(['?', '#']).next().unwrap_or_default();
        let (scheme, rest) = plain.split_once("://")?;
        let authority_end = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(authority_end)?;
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        return Some(format!("{scheme}://{host}{path}"));
    }
    let scheme = known.text(&["url.scheme", "http.scheme"]).unwrap_or("http");
    let path = known.text(&["url.path", "http.target"]).map_or("/", |path| path.split('?').next().unwrap_or("/"));
    let host = known.text(&["server.address", "http.host", "net.host.name", "net.peer.name"]);
    let host = host.or_else(|| known.text(&["http.server_name"]).filter(|_| span.span_kind == SpanKind::Server))?;
    let port = known.number(&["server.port", "net.host.port", "net.peer.port"]);
    let shown = port.filter(|port| !host.contains(':') && !matches!((scheme, port), ("http", 80) | ("https", 443)));
    Some(format!("{scheme}://{host}{}{path}", shown.map(|port| format!(":{port}")).unwrap_or_default()))
}

fn aws(known: &Attributes<'_>, is_aws: bool) -> Option<Aws> {
    let rule = known.owned(&[SAMPLING_RULE]);
    let operation = || known.text(&["rpc.method"]).filter(|_| is_aws).map(|method| method.rsplit('/').next().unwrap_or(method).to_owned());
    let mut tables = known.texts(&["aws.dynamodb.table_names", "aws.table_name"]);
    let aws = Aws {
        account_id: known.owned(&["aws.account_id"]),
        operation: known.owned(&["aws.operation"]).or_else(operation),
        region: known.owned(&["aws.region", "cloud.region"]).filter(|_| is_aws),
        request_id: known.owned(&["aws.request_id", "aws.requestId"]),
        id_2: known.owned(&["aws.extended_request_id"]),
        queue_url: known.owned(&["aws.sqs.queue.url", "messaging.url", "aws.queue_url"]),
        table_name: (tables.len() == 1).then(|| tables.remove(0)),
        table_names: tables,
        xray: rule.map(|rule| XrayInfo { sampling_rule_name: Some(rule), ..XrayInfo::default() }),
        ..Aws::default()
    };
    (aws != Aws::default()).then_some(aws)
}

/// Databases that speak SQL; the others' attributes stay what they are.
const SQL: [&str; 11] =
    ["db2", "derby", "hive", "mariadb", "mssql", "microsoft.sql_server", "mysql", "oracle", "postgresql", "sqlite", "other_sql"];

fn sql(span: &SpanData, known: &Attributes<'_>) -> Option<Sql> {
    let system = span.attributes.iter().find(|pair| matches!(pair.key.as_str(), "db.system.name" | "db.system"))?.value.as_str();
    if !SQL.contains(&&*system) {
        return None;
    }
    let database_type = known.owned(&["db.system.name", "db.system"]);
    let database = known.text(&["db.namespace", "db.name"]).unwrap_or_default();
    let url = known.text(&["server.address", "net.peer.name"]).map(|host| format!("{system}://{host}/{database}"));
    Some(Sql {
        url,
        database_type,
        user: known.owned(&["db.user"]),
        sanitized_query: known.owned(&["db.query.text", "db.statement"]),
        ..Sql::default()
    })
}

fn links(span: &SpanData) -> Vec<Link> {
    let link = |link: &opentelemetry::trace::Link| {
        let other = &link.span_context;
        let trace_id = TraceId::from_u128(u128::from_be_bytes(other.trace_id().to_bytes()));
        other.is_valid().then(|| Link { trace_id, id: SegmentId::from_u64(u64::from_be_bytes(other.span_id().to_bytes())) })
    };
    span.links.iter().filter_map(link).collect()
}

/// Recorded exceptions; for a span in error without any, its description.
fn exceptions(span: &SpanData) -> Vec<Exception> {
    let is_remote = matches!(span.span_kind, SpanKind::Client | SpanKind::Producer);
    let base = u64::from_be_bytes(span.span_context.span_id().to_bytes());
    let new = |number: usize, kind: Option<String>, message: Option<String>| {
        let mut exception = Exception::new(SegmentId::from_u64(base.rotate_left(17) ^ (number as u64 + 1)));
        (exception.kind, exception.message, exception.remote) = (kind, message, is_remote);
        exception
    };
    let recorded = span.events.iter().filter(|event| event.name == "exception").enumerate();
    let mut exceptions: Vec<Exception> = recorded
        .map(|(number, event)| {
            let known = Attributes::new(&event.attributes);
            new(number, known.owned(&["exception.type"]), known.owned(&["exception.message"]))
        })
        .collect();
    if exceptions.is_empty()
        && let Status::Error { description } = &span.status
        && !description.is_empty()
    {
        exceptions.push(new(0, Attributes::new(&span.attributes).owned(&["error.type"]), Some(description.to_string())));
    }
    exceptions
}
