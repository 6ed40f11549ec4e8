//! [`Call`]: which operation of which service.

use axum::http::request::Parts;
use serde_json::Value;

use super::error::ApiError;
use super::service::Service;
use super::{cbor, query};

/// How the caller speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    RestJson,
    Json10,
    Json11,
    Cbor,
    /// Forms and XML, of this service.
    Query(Service),
}

/// A request that is an AWS call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) service: Service,
    /// For people: `xray`, `monitoring`, `sqs`.
    pub(crate) service_name: String,
    pub(crate) operation: String,
    pub(crate) protocol: Protocol,
    pub(crate) input: Value,
    /// The `Host` header, for URLs in answers.
    pub(crate) host: String,
    /// The `X-Amzn-Trace-Id` header.
    pub(crate) trace_header: Option<String>,
}

const CBOR_PREFIX: &str = "/service/GraniteServiceVersion20100801/operation/";

/// The paths of X-Ray's operations.
const XRAY_PATHS: [(&str, &str); 20] = [
    ("/TraceSegments", "PutTraceSegments"),
    ("/TelemetryRecords", "PutTelemetryRecords"),
    ("/TraceSummaries", "GetTraceSummaries"),
    ("/Traces", "BatchGetTraces"),
    ("/ServiceGraph", "GetServiceGraph"),
    ("/TraceGraph", "GetTraceGraph"),
    ("/GetSamplingRules", "GetSamplingRules"),
    ("/SamplingTargets", "GetSamplingTargets"),
    ("/CreateSamplingRule", "CreateSamplingRule"),
    ("/UpdateSamplingRule", "UpdateSamplingRule"),
    ("/DeleteSamplingRule", "DeleteSamplingRule"),
    ("/SamplingStatisticSummaries", "GetSamplingStatisticSummaries"),
    ("/CreateGroup", "CreateGroup"),
    ("/UpdateGroup", "UpdateGroup"),
    ("/DeleteGroup", "DeleteGroup"),
    ("/GetGroup", "GetGroup"),
    ("/Groups", "GetGroups"),
    ("/EncryptionConfig", "GetEncryptionConfig"),
    ("/TimeSeriesServiceStatistics", "GetTimeSeriesServiceStatistics"),
    ("/InsightSummaries", "GetInsightSummaries"),
];

impl Call {
    /// Reads a request; `None` when it is no AWS call at all.
    pub(crate) fn read(parts: &Parts, body: &[u8]) -> Option<Result<Self, ApiError>> {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let with_headers = |call: Self| Self { host: header("host").unwrap_or_default(), trace_header: header("x-amzn-trace-id"), ..call };
        Self::read_operation(parts, body).map(|call| call.map(with_headers))
    }

    fn read_operation(parts: &Parts, body: &[u8]) -> Option<Result<Self, ApiError>> {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        if header("smithy-protocol") == Some("rpc-v2-cbor") {
            return Some(Self::cbor(parts.uri.path(), body));
        }
        if let Some(target) = header("x-amz-target") {
            return Some(Self::json(target, header("content-type"), body));
        }
        if parts.method == axum::http::Method::POST
            && header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
        {
            return Some(Self::query(parts, body));
        }
        let known = XRAY_PATHS.iter().find(|(path, _)| *path == parts.uri.path()).map(|(_, operation)| *operation);
        match (known, signed_service(parts)) {
            (Some(operation), _) => Some(Self::rest(Service::XRay, "xray", operation, body)),
            (None, Some(service)) => Some(Self::rest(Service::Other, service, parts.uri.path(), body)),
            (None, None) => None,
        }
    }

    const fn new(service: Service, service_name: String, operation: String, protocol: Protocol, input: Value) -> Self {
        Self { service, service_name, operation, protocol, input, host: String::new(), trace_header: None }
    }

    fn rest(service: Service, name: &str, operation: &str, body: &[u8]) -> Result<Self, ApiError> {
        let input = json_input(body).map_err(ApiError::invalid_request)?;
        Ok(Self::new(service, name.to_owned(), operation.to_owned(), Protocol::RestJson, input))
    }

    fn cbor(path: &str, body: &[u8]) -> Result<Self, ApiError> {
        let operation = path.strip_prefix(CBOR_PREFIX);
        let service = if operation.is_some() { Service::CloudWatch } else { Service::Other };
        let operation = operation.or_else(|| path.rsplit('/').next()).unwrap_or_default().to_owned();
        let input = cbor::decode(body).map_err(|error| ApiError::client("SerializationException", error))?;
        let service_name = if service == Service::CloudWatch { "monitoring" } else { "unknown" };
        Ok(Self::new(service, service_name.into(), operation, Protocol::Cbor, input))
    }

    fn json(target: &str, content_type: Option<&str>, body: &[u8]) -> Result<Self, ApiError> {
        let (prefix, operation) = target.rsplit_once('.').unwrap_or(("", target));
        let (service, name) = match prefix {
            "GraniteServiceVersion20100801" => (Service::CloudWatch, "monitoring"),
            "Logs_20140328" => (Service::Logs, "logs"),
            "AmazonSQS" => (Service::Sqs, "sqs"),
            other => (Service::Other, other),
        };
        let protocol = if content_type.is_some_and(|kind| kind.contains("json-1.0")) { Protocol::Json10 } else { Protocol::Json11 };
        let input = json_input(body).map_err(|error| ApiError::client("SerializationException", error))?;
        Ok(Self::new(service, name.to_owned(), operation.to_owned(), protocol, input))
    }

    fn query(parts: &Parts, body: &[u8]) -> Result<Self, ApiError> {
        let fields = form_fields(body);
        let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let operation = field("Action").unwrap_or_default().to_owned();
        let known = field("Version").and_then(query::service_of);
        let (service, service_name) = known.unwrap_or_else(|| (Service::Other, signed_service(parts).unwrap_or("unknown")));
        let mut input = query::input_of(service, fields).map_err(|error| ApiError::client("InvalidParameterValueException", error))?;
        // Clients of SQS send to the queue's own URL.
        if service == Service::Sqs && input.get("QueueUrl").is_none() && parts.uri.path() != "/" {
            input["QueueUrl"] = Value::String(parts.uri.path().to_owned());
        }
        Ok(Self::new(service, service_name.to_owned(), operation, Protocol::Query(service), input))
    }
}

/// Empty bodies are empty objects: the CLI sends none for operations without input.
fn json_input(body: &[u8]) -> Result<Value, String> {
    if body.trim_ascii().is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_slice(body).map_err(|error| format!("the body is no JSON: {error}"))
}

/// `a=1&b=%20` without a crate: percent signs and plus signs only.
fn form_fields(body: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(body);
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (percent_decoded(key), percent_decoded(value))).collect()
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = bytes
            .get(at + 1..at + 3)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (byte, hex) {
            (b'%', Some(value)) => {
                decoded.push(value);
                at += 3;
            }
            (b'+', _) => {
                decoded.push(b' ');
                at += 1;
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The service in the credential scope of a signature, header or query. Signatures are never checked.
fn signed_service(parts: &Parts) -> Option<&str> {
    let header = parts.headers.get("authorization").and_then(|value| value.to_str().ok());
    let scope = header.and_then(|text| text.split("Credential=").nth(1)).and_then(|rest| rest.split([',', ' ']).next())?;
    scope.split('/').nth(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_decoded() {
        let fields = form_fields(b"Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam&Note=a+b%zz%4");
        assert_eq!(fields[1], ("RoleArn".to_owned(), "arn:aws:iam".to_owned()));
        assert_eq!(fields[2].1, "a b%zz%4");
    }
}
