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

/// Returns the traces of a batch, each once and at most as many as X-Ray takes: messages of one `SendMessageBatch` have one sender.
pub(super) fn links(messages: &[Message]) -> Vec<Link> {
    const MOST: usize = 20;
    let mut links: Vec<Link> = Vec::new();
    for header in messages.iter().map(header).filter(|header| header.sampling == SamplingState::Sampled) {
        if let (Some(trace_id), Some(id)) = (header.root, header.parent) {
            let link = Link { trace_id, id };
            if links.len() < MOST && !links.contains(&link) {
                links.push(link);
            }
        }
    }
    links
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

#[cfg(test)]
mod tests {
    use super::*;

    fn message(header: &str) -> Message {
        Message::builder().attributes(MessageSystemAttributeName::AwsTraceHeader, header).build()
    }

    #[test]
    fn messages_of_one_sender_are_one_link() {
        let (one, other) = (
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad9;Sampled=1",
        );
        assert_eq!(links(&[message(one), message(one), message(other), message(one)]).len(), 2);
        let many: Vec<Message> =
            (1..100).map(|id| message(&format!("Root=1-5759e988-bd862e3fe1be46a994272793;Parent={id:016x};Sampled=1"))).collect();
        assert_eq!(links(&many).len(), 20);
    }
}
