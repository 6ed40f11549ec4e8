//! What a message tells beside its body.

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use telemetry_wire::{Link, SamplingState, TraceHeader};

fn attribute<'a>(message: &'a Message, name: &MessageSystemAttributeName) -> Option<&'a str> {
    message.attributes.as_ref()?.get(name).map(String::as_str)
}

/// The sender's trace; the empty header when there is none.
pub(super) fn header(message: &Message) -> TraceHeader<'_> {
    attribute(message, &MessageSystemAttributeName::AwsTraceHeader).map(TraceHeader::parse).unwrap_or_default()
}

/// Times it was received, this one included.
pub(super) fn attempts(message: &Message) -> Option<u64> {
    attribute(message, &MessageSystemAttributeName::ApproximateReceiveCount)?.parse().ok()
}

/// Milliseconds since it was sent. The clocks of two machines may disagree: never negative.
pub(super) fn age(message: &Message, now: u64) -> Option<u64> {
    let sent: u64 = attribute(message, &MessageSystemAttributeName::SentTimestamp)?.parse().ok()?;
    Some(now.saturating_sub(sent))
}

/// The traces of a batch, at most those that X-Ray takes.
pub(super) fn links(messages: &[Message]) -> Vec<Link> {
    const MOST: usize = 20;
    let sampled = messages.iter().map(header).filter(|header| header.sampling == SamplingState::Sampled);
    let links = sampled.filter_map(|header| Some(Link { trace_id: header.root?, id: header.parent? }));
    links.take(MOST).collect()
}

/// Whether a batch is recorded: if any message is, unless none is.
pub(super) fn sampling(messages: &[Message]) -> SamplingState {
    let states: Vec<SamplingState> = messages.iter().map(|message| header(message).sampling).collect();
    if states.contains(&SamplingState::Sampled) {
        SamplingState::Sampled
    } else if !states.is_empty() && states.iter().all(|state| *state == SamplingState::NotSampled) {
        SamplingState::NotSampled
    } else {
        SamplingState::Unknown
    }
}
