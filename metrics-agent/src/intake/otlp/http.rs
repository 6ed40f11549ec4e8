//! `POST /v1/traces`: OTLP by HTTP, protobuf or JSON.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use telemetry_wire::otlp::{ExportTraceServiceRequest, ExportTraceServiceResponse, Message as _, PartialSuccess, Status};

use super::body::read_body;
use super::taker::{Full, SpanTaker};

/// Seconds after which there may be room again.
const RETRY_AFTER: &str = "1";
/// `INVALID_ARGUMENT` and `UNAVAILABLE`, as gRPC numbers them.
const INVALID: i32 = 3;
const UNAVAILABLE: i32 = 14;

/// The form of a request, and so of its answer.
#[derive(Clone, Copy)]
enum Form {
    Protobuf,
    Json,
}

impl Form {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?.split(';').next()?.trim().to_ascii_lowercase();
        match kind.as_str() {
            "application/x-protobuf" => Some(Self::Protobuf),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }

    fn read(self, body: &[u8]) -> Result<ExportTraceServiceRequest, String> {
        match self {
            Self::Protobuf => ExportTraceServiceRequest::decode(body).map_err(|error| error.to_string()),
            Self::Json => serde_json::from_slice(body).map_err(|error| error.to_string()),
        }
    }

    fn answer(self, partial: PartialSuccess) -> Response {
        let is_whole = partial == PartialSuccess::default();
        match self {
            Self::Protobuf => self
                .response(StatusCode::OK, ExportTraceServiceResponse { partial_success: (!is_whole).then_some(partial) }.encode_to_vec()),
            Self::Json if is_whole => self.response(StatusCode::OK, b"{}".to_vec()),
            Self::Json => {
                let partial = json!({ "rejectedSpans": partial.rejected_spans.to_string(), "errorMessage": partial.error_message });
                self.response(StatusCode::OK, json!({ "partialSuccess": partial }).to_string().into_bytes())
            }
        }
    }

    fn refuse(self, status: StatusCode, code: i32, message: String) -> Response {
        let body = match self {
            Self::Protobuf => Status { code, message }.encode_to_vec(),
            Self::Json => json!({ "code": code, "message": message }).to_string().into_bytes(),
        };
        self.response(status, body)
    }

    fn response(self, status: StatusCode, body: Vec<u8>) -> Response {
        let kind = match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        };
        (status, [(header::CONTENT_TYPE, kind)], body).into_response()
    }
}

pub(super) async fn take(State(taker): State<Arc<SpanTaker>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Some(form) = Form::of(&head.headers) else {
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, "expected application/x-protobuf or application/json\n").into_response();
    };
    let body = match read_body(&head.headers, body).await {
        Ok(body) => body,
        Err(error) => return form.refuse(error.status(), INVALID, error.to_string()),
    };
    let request = match form.read(&body) {
        Ok(request) => request,
        Err(error) => {
            taker.note_malformed();
            return form.refuse(StatusCode::BAD_REQUEST, INVALID, format!("the body is no ExportTraceServiceRequest: {error}"));
        }
    };
    match taker.take(request).await {
        Ok(partial) => form.answer(partial),
        Err(Full) => {
            let refused = form.refuse(StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE, "no room for now".to_owned());
            ([(header::RETRY_AFTER, RETRY_AFTER)], refused).into_response()
        }
    }
}
