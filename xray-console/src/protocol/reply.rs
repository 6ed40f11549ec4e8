//! Answers in the caller's protocol.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::call::Protocol;
use super::error::ApiError;
use super::{cbor, xml};

/// An answer. `operation` names the element of XML answers.
pub(crate) fn render(protocol: Protocol, operation: &str, output: &Value, request_id: &str) -> Response<Body> {
    let body = match protocol {
        Protocol::RestJson | Protocol::Json10 | Protocol::Json11 => output.to_string().into_bytes(),
        Protocol::Cbor => cbor::encode(output),
        Protocol::Query(service) => xml::answer(service, operation, output, request_id).into_bytes(),
    };
    respond(protocol, StatusCode::OK, body, request_id)
}

/// An error.
pub(crate) fn render_error(protocol: Protocol, error: &ApiError, request_id: &str) -> Response<Body> {
    let fault = if error.status.is_server_error() { "Receiver" } else { "Sender" };
    let body = match protocol {
        Protocol::RestJson | Protocol::Json10 | Protocol::Json11 => {
            json!({ "__type": error.code, "message": error.message, "Message": error.message }).to_string().into_bytes()
        }
        Protocol::Cbor => cbor::encode(&json!({ "__type": error.code, "message": error.message })),
        Protocol::Query(_) => xml::error(query_code(error.code), &error.message, fault, request_id).into_bytes(),
    };
    let mut response = respond(protocol, error.status, body, request_id);
    let headers = response.headers_mut();
    headers.insert("x-amzn-errortype", HeaderValue::from_static(error.code));
    if matches!(protocol, Protocol::Json10 | Protocol::Cbor)
        && let Ok(value) = HeaderValue::try_from(format!("{};{fault}", query_code(error.code)))
    {
        headers.insert("x-amzn-query-error", value);
    }
    response
}

/// The codes of the query protocol, which clients go on to match; from the service models' `awsQueryError`.
fn query_code(code: &str) -> &str {
    match code {
        "InvalidParameterValueException" => "InvalidParameterValue",
        "MissingRequiredParameterException" => "MissingParameter",
        "InvalidParameterCombinationException" => "InvalidParameterCombination",
        "InternalFailure" => "InternalServiceError",
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue",
        "EmptyBatchRequest" => "AWS.SimpleQueueService.EmptyBatchRequest",
        "TooManyEntriesInBatchRequest" => "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        other => other,
    }
}

fn respond(protocol: Protocol, status: StatusCode, body: Vec<u8>, request_id: &str) -> Response<Body> {
    let content_type = match protocol {
        Protocol::RestJson => "application/json",
        Protocol::Json10 => "application/x-amz-json-1.0",
        Protocol::Json11 => "application/x-amz-json-1.1",
        Protocol::Cbor => "application/cbor",
        Protocol::Query(_) => "text/xml",
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if protocol == Protocol::Cbor {
        headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
    }
    if let Ok(value) = HeaderValue::try_from(request_id) {
        headers.insert("x-amzn-requestid", value);
    }
    response
}
