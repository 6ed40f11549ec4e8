//! One call: taken, refused or broken, as the conduct says.

use std::borrow::Cow;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::conduct::{Conduct, Door, Fault};
use super::tally::Tally;
use crate::load;

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

#[derive(Deserialize)]
struct Put<'a> {
    #[serde(rename = "TraceSegmentDocuments", borrow)]
    documents: Vec<Cow<'a, str>>,
}

/// Answers a call.
pub(super) async fn answer(request: Request<Incoming>, conduct: watch::Receiver<Conduct>, tally: Arc<Tally>) -> Answer {
    let now = conduct.borrow().clone();
    if now.door == Door::Hanging {
        return std::future::pending().await;
    }
    let fault = now.fault_of_a_call();
    let path = request.uri().path().to_owned();
    let is_expired = now.key.is_some_and(|key| !is_signed_with(&request, key));
    let body = body_of(request, fault).await?;
    tokio::time::sleep(now.latency.of_a_call()).await;
    if path == "/TraceSegments" {
        tally.note_call(body.len());
    }
    match (path.as_str(), fault) {
        _ if is_expired => refusal(StatusCode::FORBIDDEN, "ExpiredTokenException"),
        (_, Some(Fault::Throttled)) => refusal(StatusCode::TOO_MANY_REQUESTS, "ThrottledException"),
        (_, Some(Fault::Unavailable)) => refusal(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable"),
        (_, Some(Fault::ResetBefore)) => Err(Reset),
        ("/TraceSegments", fault) => put(&body, fault, &tally),
        ("/GetSamplingRules", _) => said(StatusCode::OK, &json!({ "SamplingRuleRecords": [] })),
        ("/SamplingTargets", _) => said(StatusCode::OK, &json!({ "SamplingTargetDocuments": [], "UnprocessedStatistics": [] })),
        _ => said(StatusCode::OK, &json!({})),
    }
}

fn put(body: &[u8], fault: Option<Fault>, tally: &Tally) -> Answer {
    let Ok(Put { documents }) = serde_json::from_slice(body) else {
        return refusal(StatusCode::BAD_REQUEST, "InvalidRequestException");
    };
    let mut unprocessed = Vec::new();
    let mut is_taken = |document: &&str| {
        let Some(Fault::Unprocessed(share, code)) = fault else { return true };
        let is_taken = fastrand::f64() >= share;
        if !is_taken {
            let id = load::read(document).map(|(number, _)| format!("{number:016x}"));
            unprocessed.push(json!({ "Id": id, "ErrorCode": code, "Message": "told to" }));
        }
        is_taken
    };
    let taken: Vec<&str> = documents.iter().map(AsRef::as_ref).filter(&mut is_taken).collect();
    tally.note_documents(taken.into_iter());
    if matches!(fault, Some(Fault::ResetAfter)) {
        return Err(Reset);
    }
    said(StatusCode::OK, &json!({ "UnprocessedTraceSegments": unprocessed }))
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
