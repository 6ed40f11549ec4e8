//! Sends batches with PutLogEvents, and makes groups and streams that are not there.

use std::sync::Arc;

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::config::http::HttpResponse;
use aws_sdk_cloudwatchlogs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudwatchlogs::types::{InputLogEvent, RejectedLogEventsInfo};
use telemetry_aws::{Refusal, Refusals};
use telemetry_delivery::{Destination, Held, LossReason, Outcome, Verdict};

use crate::event::{LogEvent, Target};
use crate::progress::Progress;

const TOO_OLD: LossReason = LossReason("rejected_too_old");
const TOO_NEW: LossReason = LossReason("rejected_too_new");
const EXPIRED: LossReason = LossReason("rejected_expired");

/// The destination of log events.
#[derive(Debug)]
pub(crate) struct PutLogEvents {
    client: Client,
    progress: Arc<Progress>,
    refusals: Refusals,
}

/// As policies call it.
const PUT: &str = "logs:PutLogEvents";

impl PutLogEvents {
    pub(crate) fn new(client: Client, progress: Arc<Progress>) -> Self {
        Self { client, progress, refusals: Refusals::default() }
    }
}

impl Destination<LogEvent> for PutLogEvents {
    async fn send(&self, batch: &[Held<LogEvent>]) -> Verdict {
        let Some(target) = batch.first().map(|held| Arc::clone(&held.item.target)) else { return Verdict::Accepted };
        let event = |held: &Held<LogEvent>| InputLogEvent::builder().timestamp(held.item.timestamp).message(&held.item.message).build();
        let Ok(events) = batch.iter().map(event).collect::<Result<Vec<_>, _>>() else { return Verdict::Poisoned };
        let call = self.client.put_log_events().log_group_name(&target.group).log_stream_name(&target.stream).set_log_events(Some(events));
        match call.send().await {
            Ok(answer) => {
                self.refusals.accepted(PUT, &target.to_string());
                answer.rejected_log_events_info().map_or(Verdict::Accepted, |info| of_rejected(batch.len(), info))
            }
            Err(error) if is_missing(&error) => self.make(&target).await,
            Err(error) => self.refusals.refused(PUT, &target.to_string(), &Refusal::of_sdk(&error)),
        }
    }

    /// A lost event is done too: it is counted, and reading it again would lose it again. A drain that ran out of time is the
    /// exception, since the next start reads on from the file.
    fn ended(&self, event: &LogEvent, outcome: Outcome) {
        if outcome != Outcome::Lost(LossReason::SHUTDOWN) {
            self.progress.ended(event.content, event.from, event.to);
        }
    }
}

impl PutLogEvents {
    /// Makes the stream, and the group if that is what is missing. The batch then goes again.
    async fn make(&self, target: &Target) -> Verdict {
        let stream = || self.client.create_log_stream().log_group_name(&target.group).log_stream_name(&target.stream).send();
        let made = match stream().await {
            Err(error) if is_missing(&error) => {
                let group = self.client.create_log_group().log_group_name(&target.group).send().await;
                if let Some(verdict) = self.refused("logs:CreateLogGroup", target, group) {
                    return verdict;
                }
                tracing::info!(group = target.group, "log group made");
                stream().await
            }
            result => result,
        };
        self.refused("logs:CreateLogStream", target, made).unwrap_or(Verdict::Again { not_before: None })
    }

    /// Logs a refusal and returns its verdict; none if the call worked, or if the resource exists already.
    fn refused<T, E>(&self, operation: &'static str, target: &Target, result: Result<T, SdkError<E, HttpResponse>>) -> Option<Verdict>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let refusal = result.err().map(|error| Refusal::of_sdk(&error));
        match refusal.filter(|refusal| refusal.code() != Some("ResourceAlreadyExistsException")) {
            Some(refusal) => Some(self.refusals.refused(operation, &target.to_string(), &refusal)),
            None => {
                self.refusals.accepted(operation, &target.to_string());
                None
            }
        }
    }
}

fn is_missing<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some("ResourceNotFoundException")
}

/// The indexes are places in the batch that was sent: the two ends are exclusive, the start inclusive.
fn of_rejected(events: usize, info: &RejectedLogEventsInfo) -> Verdict {
    let place = |index: Option<i32>| index.and_then(|index| usize::try_from(index).ok());
    let old = place(info.too_old_log_event_end_index()).unwrap_or(0).min(events);
    let expired = place(info.expired_log_event_end_index()).unwrap_or(0).min(events);
    let new = place(info.too_new_log_event_start_index()).unwrap_or(events);
    let reason = |place: usize| match place {
        place if place < old => Some(TOO_OLD),
        place if place < expired => Some(EXPIRED),
        place if place >= new => Some(TOO_NEW),
        _ => None,
    };
    let refused: Vec<(usize, LossReason)> = (0..events).filter_map(|place| Some((place, reason(place)?))).collect();
    tracing::error!(events = refused.len(), "CloudWatch Logs refused events for their time");
    Verdict::Partly { again: Vec::new(), refused, not_before: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejected_indexes_are_places_not_counts() {
        let info = RejectedLogEventsInfo::builder().too_old_log_event_end_index(2).too_new_log_event_start_index(4).build();
        let Verdict::Partly { refused, again, .. } = of_rejected(5, &info) else { panic!("not partly") };
        assert_eq!(refused, [(0, TOO_OLD), (1, TOO_OLD), (4, TOO_NEW)]);
        assert!(again.is_empty());
    }
}
