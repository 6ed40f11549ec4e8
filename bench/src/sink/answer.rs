//! One call: taken, refused or broken, as the conduct says.

use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::conduct::{Conduct, Door, Fault};
use super::put::{Operation, put_events, put_metrics, put_segments};
use super::tally::Tally;

/// The connection is to be reset.
#[derive(Debug)]
pub(super) struct Reset;

impl std::fmt::Display for Reset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("reset")
    }
}

impl std::error::Error for Reset {}

type Answer = Result<Response<Full<Bytes>>, Reset>;

/// Answers a call.
pub(super) async fn answer(request: Request<Incoming>, conduct: watch::Receiver<Conduct>, tally: Arc<Tally>) -> Answer {
    let now = conduct.borrow().clone();
    if now.door == Door::Hanging {
        return std::future::pending().await;
    }
    let fault = now.fault_of_a_call();
    let operation = Operation::of(&request);
    let is_expired = now.key.is_some_and(|key| !is_signed_with(&request, key));
    let body = body_of(request, fault).await?;
    tokio::time::sleep(now.latency.of_a_call()).await;
    if operation == Operation::PutTraceSegments {
        tally.note_call(body.len());
    }
    match fault {
        _ if is_expired => return refusal(StatusCode::FORBIDDEN, "ExpiredTokenException"),
        Some(Fault::Throttled) => return refusal(StatusCode::TOO_MANY_REQUESTS, "ThrottledException"),
        Some(Fault::Unavailable) => return refusal(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable"),
        Some(Fault::ResetBefore) => return Err(Reset),
        _ => {}
    }
    let taken = match operation {
        Operation::PutTraceSegments => put_segments(&body, fault, &tally),
        Operation::PutMetricData { is_compressed } => put_metrics(&body, is_compressed, &tally),
        Operation::PutLogEvents => put_events(&body, &tally),
        Operation::GetSamplingRules => Some(json!({ "SamplingRuleRecords": [] })),
        Operation::GetSamplingTargets => Some(json!({ "SamplingTargetDocuments": [], "UnprocessedStatistics": [] })),
        Operation::Other => Some(json!({})),
    };
    match taken {
        None => refusal(StatusCode::BAD_REQUEST, "InvalidRequestException"),
        Some(_) if matches!(fault, Some(Fault::ResetAfter)) && operation.is_put() => Err(Reset),
        Some(_) if matches!(operation, Operation::PutMetricData { .. }) => Ok(in_cbor()),
        Some(body) => said(StatusCode::OK, &body),
    }
}

async fn body_of(request: Request<Incoming>, fault: Option<Fault>) -> Result<Bytes, Reset> {
    let mut body = request.into_body();
    let Some(Fault::SlowRead(pause)) = fault else {
        return body.collect().await.map(http_body_util::Collected::to_bytes).map_err(|_| Reset);
    };
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        tokio::time::sleep(pause).await;
        if let Ok(piece) = frame.map_err(|_| Reset)?.into_data() {
            read.extend_from_slice(&piece);
        }
    }
    Ok(read.into())
}

fn is_signed_with(request: &Request<Incoming>, key: &str) -> bool {
    let header = request.headers().get("authorization").and_then(|header| header.to_str().ok()).unwrap_or_default();
    header.contains(&format!("Credential={key}/"))
}

fn refusal(status: StatusCode, code: &str) -> Answer {
    let mut response = said(status, &json!({ "message": code }))?;
    if let Ok(code) = code.parse() {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    Ok(response)
}

fn said(status: StatusCode, body: &Value) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    Ok(response)
}

/// PutMetricData's answer: no members.
fn in_cbor() -> Response<Full<Bytes>> {
    /// CBOR's map without entries.
    const NOTHING: &[u8] = &[0xa0];
    let mut response = Response::new(Full::new(Bytes::from_static(NOTHING)));
    let headers = response.headers_mut();
    headers.insert("smithy-protocol", hyper::header::HeaderValue::from_static("rpc-v2-cbor"));
    headers.insert("content-type", hyper::header::HeaderValue::from_static("application/cbor"));
    response
}
