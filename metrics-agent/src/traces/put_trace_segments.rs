//! Sends batches with PutTraceSegments.

use std::sync::Arc;

use aws_sdk_xray::Client;
use aws_sdk_xray::types::UnprocessedTraceSegment;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use axum::body::Bytes;
use telemetry_delivery::{Held, Verdict};
use tokio::time::Instant;

use super::body::body_of;
use super::failures::Failures;
use super::rejection::REFUSED;
use crate::DAEMON_LINES;
use crate::aws::{chain_of, verdict_of};
use crate::intake::RawSegment;

/// The destination of segments.
#[derive(Debug)]
pub(crate) struct PutTraceSegments {
    client: Client,
    failures: Arc<Failures>,
}

impl PutTraceSegments {
    /// Documents per call, the X-Ray daemon's figure.
    pub(crate) const BATCH: usize = 50;
    /// Bytes per call; the service publishes no limit, and a batch of the largest documents would have 3 MB.
    pub(crate) const BYTES: usize = 1 << 20;

    pub(super) const fn new(client: Client, failures: Arc<Failures>) -> Self {
        Self { client, failures }
    }

    /// Sends once.
    pub(super) async fn send(&self, batch: &[Held<RawSegment>]) -> Verdict {
        let began = Instant::now();
        let body = body_of(batch);
        match self.client.put_trace_segments().customize().mutate_request(move |request| carry(request, &body)).send().await {
            Ok(answer) => {
                let unprocessed = answer.unprocessed_trace_segments();
                tell_sent(batch.len(), unprocessed.len(), began.elapsed().as_secs_f64());
                of_unprocessed(batch, unprocessed)
            }
            Err(error) => {
                self.failures.note(&error);
                let verdict = verdict_of(&error);
                tracing::warn!(segments = batch.len(), "Sending segment batch failed with: {}; they wait", chain_of(&error));
                verdict
            }
        }
    }
}

/// Gives a request that was made without documents its body, before it is signed.
fn carry(request: &mut HttpRequest, body: &Bytes) {
    request.headers_mut().insert("content-length", body.len().to_string());
    *request.body_mut() = SdkBody::from(body.clone());
}

/// The X-Ray daemon's lines of a batch that arrived.
fn tell_sent(segments: usize, unprocessed: usize, seconds: f64) {
    if unprocessed == 0 {
        tracing::info!(target: DAEMON_LINES, "Successfully sent batch of {segments} segments ({seconds:.3} seconds)");
    } else {
        tracing::info!(
            target: DAEMON_LINES,
            "Sent batch of {segments} segments but had {unprocessed} Unprocessed segments ({seconds:.3} seconds)"
        );
    }
}

/// The answer names documents by id; one without an id that can be found counts against the last that is left.
fn of_unprocessed(batch: &[Held<RawSegment>], unprocessed: &[UnprocessedTraceSegment]) -> Verdict {
    if unprocessed.is_empty() {
        return Verdict::Accepted;
    }
    let (mut again, mut refused) = (Vec::new(), Vec::new());
    let mut taken = vec![false; batch.len()];
    for segment in unprocessed {
        let position = segment.id().and_then(|id| position_of(batch, id, &taken)).or_else(|| taken.iter().rposition(|taken| !taken));
        let Some(position) = position else { continue };
        taken[position] = true;
        if is_worth_repeating(segment.error_code().unwrap_or_default()) {
            again.push(position);
        } else {
            tracing::error!(
                id = segment.id(),
                code = segment.error_code(),
                message = segment.message(),
                "Unprocessed segment: X-Ray refused it"
            );
            refused.push((position, REFUSED));
        }
    }
    Verdict::Partly { again, refused, not_before: None }
}

fn position_of(batch: &[Held<RawSegment>], id: &str, taken: &[bool]) -> Option<usize> {
    let needle = format!("\"id\":\"{id}\"");
    let spaced = format!("\"id\": \"{id}\"");
    batch
        .iter()
        .zip(taken)
        .position(|(held, taken)| !taken && (held.item.document.contains(&needle) || held.item.document.contains(&spaced)))
}

/// Codes are not published but for one; those of throttles and outages pass, all others stay.
fn is_worth_repeating(code: &str) -> bool {
    ["Throttl", "Internal", "Unavailable", "Timeout", "LimitExceeded"].iter().any(|part| code.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(ids: &[&str]) -> Vec<Held<RawSegment>> {
        let document = |id: &&str| format!("{{\"name\":\"a\",\"id\":\"{id}\"}}");
        ids.iter().map(|id| Held::new(RawSegment::of_document(&document(id)))).collect()
    }

    fn unprocessed(id: Option<&str>, code: &str) -> UnprocessedTraceSegment {
        UnprocessedTraceSegment::builder().set_id(id.map(str::to_owned)).error_code(code).build()
    }

    #[test]
    fn throttled_documents_go_again_and_bad_ones_are_refused() {
        let batch = batch(&["53995c3f42cd8ad8", "70de5b6f19ff9a0a", "6226467e3f845502"]);
        let listed = [unprocessed(Some("70de5b6f19ff9a0a"), "ThrottledException"), unprocessed(Some("53995c3f42cd8ad8"), "InvalidTraceId")];
        assert_eq!(of_unprocessed(&batch, &listed), Verdict::Partly { again: vec![1], refused: vec![(0, REFUSED)], not_before: None });
        assert_eq!(of_unprocessed(&batch, &[]), Verdict::Accepted);
    }

    #[test]
    fn a_document_without_an_id_is_counted_once() {
        let listed = [unprocessed(None, "JSONFormatError"), unprocessed(Some("unknown"), "JSONFormatError")];
        let Verdict::Partly { refused, .. } = of_unprocessed(&batch(&["a", "b", "c"]), &listed) else { panic!("not partly") };
        assert_eq!(refused.iter().map(|(position, _)| *position).collect::<Vec<_>>(), [2, 1]);
    }
}
