//! [`ExportTraces`]: sends batches as OTLP by HTTP.

use std::sync::Arc;

use axum::body::Bytes;
use telemetry_aws::{Answer, CallError, Refusal, Refusals, Service};
use telemetry_delivery::{Held, LossReason, Verdict};
use telemetry_wire::otlp::{ExportTraceServiceResponse, Message as _, PartialSuccess, Status};

use super::endpoint::Endpoint;
use super::spans::Spans;
use crate::intake::RawSegment;
use crate::otlp_settings::Collector;
use crate::traces::failures::Failures;
use crate::traces::rejection::REFUSED_BY_COLLECTOR;

/// The destination of segments as spans.
#[derive(Debug)]
pub(crate) struct ExportTraces {
    endpoint: Endpoint,
    failures: Arc<Failures>,
    refusals: Refusals,
}

/// Not the name of a policy: a collector may be anybody's.
const OPERATION: &str = "ExportTraceService";

impl ExportTraces {
    pub(crate) fn new(collector: &Collector, xray: Arc<Service>, failures: Arc<Failures>) -> Self {
        Self { endpoint: Endpoint::new(collector, xray), failures, refusals: Refusals::default() }
    }

    /// Sends once.
    pub(crate) async fn send(&self, batch: &[Held<RawSegment>]) -> Verdict {
        let spans = Spans::of(batch);
        let verdict = match spans.count() {
            0 => Verdict::Accepted,
            sent => {
                let answer = self.endpoint.post(spans.request.encode_to_vec().into()).await;
                self.verdict(sent, answer)
            }
        };
        without(spans.refused, verdict, batch.len())
    }

    /// What was made of a request. Which spans were rejected is not told, so that only all of them make segments lost.
    fn verdict(&self, sent: usize, answer: Result<Answer, CallError>) -> Verdict {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                self.failures.note_unanswered(&error);
                return self.refusals.refused(OPERATION, "", &Refusal::unanswered(&error));
            }
        };
        if let Some(refusal) = of_refusal(&answer) {
            self.failures.note_status(answer.status);
            return self.refusals.refused(OPERATION, "", &refusal);
        }
        self.refusals.accepted(OPERATION, "");
        let partial = rejected_in(&answer.body);
        if partial.rejected_spans > 0 {
            let rejected = partial.rejected_spans as u64;
            self.failures.note_rejected(rejected);
            tracing::error!(rejected, sent, "the collector rejected spans: {:?}", partial.error_message);
            if rejected >= sent as u64 {
                return Verdict::Refused(REFUSED_BY_COLLECTOR);
            }
        }
        tracing::debug!(spans = sent, "sent");
        Verdict::Accepted
    }
}

/// What is unreadable is lost with whatever becomes of the others, once that is certain.
fn without(refused: Vec<(usize, LossReason)>, verdict: Verdict, items: usize) -> Verdict {
    match verdict {
        verdict if refused.is_empty() => verdict,
        Verdict::Accepted => Verdict::Partly { again: Vec::new(), refused, not_before: None },
        Verdict::Refused(reason) => {
            let reason_at = |at| refused.iter().find(|(position, _)| *position == at).map_or(reason, |(_, reason)| *reason);
            Verdict::Partly { again: Vec::new(), refused: (0..items).map(|at| (at, reason_at(at))).collect(), not_before: None }
        }
        other => other,
    }
}

/// 400 is poison, as OTLP has it, unless AWS says otherwise by a code; what else goes wrong passes, or is mended by an operator.
fn of_refusal(answer: &Answer) -> Option<Refusal> {
    let refusal = answer.refusal()?.with_message(&words_of(&answer.body));
    let is_of_batch = [400, 422].contains(&answer.status.as_u16()) && refusal.code().is_none();
    Some(if is_of_batch { refusal.of_batch() } else { refusal })
}

/// What a refusal says: OTLP's status, or whatever a proxy has to say.
fn words_of(said: &Bytes) -> String {
    const SHOWN: usize = 200;
    let status = Status::decode(said.clone()).map(|status| status.message).unwrap_or_default();
    let text = if status.is_empty() { String::from_utf8_lossy(said).into_owned() } else { status };
    text.chars().take(SHOWN).collect()
}

/// An answer that is none of OTLP's rejects nothing.
fn rejected_in(answer: &Bytes) -> PartialSuccess {
    ExportTraceServiceResponse::decode(answer.clone()).ok().and_then(|answer| answer.partial_success).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn failure(status: u16, headers: &[(&'static str, &str)]) -> Verdict {
        let headers = headers.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap())).collect();
        of_refusal(&Answer::new(status.try_into().unwrap(), headers, Bytes::new())).unwrap().verdict()
    }

    #[test]
    fn what_a_collector_says_decides_what_is_sent_again() {
        for status in [401, 403, 404, 429, 500, 502, 503, 504] {
            assert_eq!(failure(status, &[]), Verdict::Again { not_before: None }, "{status}");
        }
        assert_eq!(failure(503, &[("retry-after", "7")]), Verdict::Again { not_before: Some(Duration::from_secs(7)) });
        for (status, code) in [(400, None), (422, None), (413, None), (400, Some("ValidationException:http://x"))] {
            let headers: Vec<(&str, &str)> = code.map(|code| ("x-amzn-errortype", code)).into_iter().collect();
            assert_eq!(failure(status, &headers), Verdict::Poisoned, "{status} {code:?}");
        }
        assert_eq!(failure(400, &[("x-amzn-errortype", "ThrottlingException")]), Verdict::Again { not_before: None });
    }

    #[test]
    fn what_is_unreadable_is_lost_when_the_others_have_come_to_their_end() {
        let refused = vec![(1, LossReason("unreadable"))];
        let partly = |refused| Verdict::Partly { again: Vec::new(), refused, not_before: None };
        assert_eq!(without(refused.clone(), Verdict::Accepted, 2), partly(refused.clone()));
        let all = vec![(0, REFUSED_BY_COLLECTOR), (1, LossReason("unreadable"))];
        assert_eq!(without(refused.clone(), Verdict::Refused(REFUSED_BY_COLLECTOR), 2), partly(all));
        assert_eq!(without(refused, Verdict::Poisoned, 2), Verdict::Poisoned);
    }
}
