//! Sends batches with PutTraceSegments.

use std::sync::Arc;

use serde::Deserialize;
use telemetry_aws::{Answer, JSON, Refusal, Refusals, Service};
use telemetry_delivery::{Held, Verdict};
use tokio::time::Instant;

use super::body::body_of;
use super::failures::Failures;
use super::rejection::REFUSED;
use crate::DAEMON_LINES;
use crate::intake::RawSegment;

const PATH: &str = "/TraceSegments";
/// As policies call it.
const OPERATION: &str = "xray:PutTraceSegments";

/// The destination of segments.
#[derive(Debug)]
pub(crate) struct PutTraceSegments {
    xray: Arc<Service>,
    failures: Arc<Failures>,
    refusals: Refusals,
}

#[derive(Debug, Deserialize)]
struct Put {
    #[serde(rename = "UnprocessedTraceSegments", default)]
    unprocessed: Vec<Unprocessed>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Unprocessed {
    id: Option<String>,
    error_code: Option<String>,
    message: Option<String>,
}

impl PutTraceSegments {
    /// Documents per call, the X-Ray daemon's figure.
    pub(crate) const BATCH: usize = 50;
    /// Bytes per call; the service publishes no limit, and a batch of the largest documents would have 3 MB.
    pub(crate) const BYTES: usize = 1 << 20;

    pub(super) fn new(xray: Arc<Service>, failures: Arc<Failures>) -> Self {
        Self { xray, failures, refusals: Refusals::in_words("Sending segment batch failed with") }
    }

    /// Sends once.
    pub(super) async fn send(&self, batch: &[Held<RawSegment>]) -> Verdict {
        let began = Instant::now();
        match self.xray.post(PATH, JSON, body_of(batch)).await {
            Ok(answer) => self.verdict(batch, &answer, began.elapsed().as_secs_f64()),
            Err(error) => {
                self.failures.note_unanswered(&error);
                self.refusals.refused(OPERATION, "", &Refusal::unanswered(&error))
            }
        }
    }

    fn verdict(&self, batch: &[Held<RawSegment>], answer: &Answer, seconds: f64) -> Verdict {
        if let Some(refusal) = answer.refusal() {
            self.failures.note_status(answer.status);
            return self.refusals.refused(OPERATION, "", &refusal);
        }
        let Ok(Put { unprocessed }) = serde_json::from_slice(&answer.body) else {
            // Something between here and X-Ray said yes; nobody knows whether X-Ray did.
            self.failures.note_other();
            return self.refusals.refused(OPERATION, "", &Refusal::of_another());
        };
        self.refusals.accepted(OPERATION, "");
        tell_sent(batch.len(), unprocessed.len(), seconds);
        of_unprocessed(batch, &unprocessed)
    }
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
fn of_unprocessed(batch: &[Held<RawSegment>], unprocessed: &[Unprocessed]) -> Verdict {
    if unprocessed.is_empty() {
        return Verdict::Accepted;
    }
    let (mut again, mut refused) = (Vec::new(), Vec::new());
    let mut taken = vec![false; batch.len()];
    for segment in unprocessed {
        let position =
            segment.id.as_deref().and_then(|id| position_of(batch, id, &taken)).or_else(|| taken.iter().rposition(|taken| !taken));
        let Some(position) = position else { continue };
        taken[position] = true;
        if is_worth_repeating(segment.error_code.as_deref().unwrap_or_default()) {
            again.push(position);
        } else {
            tracing::error!(id = segment.id, code = segment.error_code, message = segment.message, "Unprocessed segment: X-Ray refused it");
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

    fn unprocessed(id: Option<&str>, code: &str) -> Unprocessed {
        Unprocessed { id: id.map(str::to_owned), error_code: Some(code.to_owned()), message: None }
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
