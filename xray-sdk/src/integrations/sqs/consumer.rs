//! [`Consumer`].

use std::borrow::Cow;
use std::fmt::Display;

use aws_sdk_sqs::types::Message;
use telemetry_wire::TraceHeader;

use super::facts;
use crate::api::Owned;
use crate::clock::wall_now;
use crate::{Classification, Exceptions, Segment};

/// Opens segments for messages.
#[derive(Clone, Debug)]
pub struct Consumer {
    name: Cow<'static, str>,
    queue: Option<String>,
}

impl Consumer {
    /// A consumer whose segments have this name.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), queue: None }
    }

    /// Shows the queue's URL with each segment. Default: none.
    #[must_use]
    pub fn queue(mut self, url: impl Into<String>) -> Self {
        self.queue = Some(url.into());
        self
    }

    /// Does the work for one message in its segment.
    pub fn message<F, T, E>(&self, message: &Message, work: F) -> impl Future<Output = F::Output> + use<F, T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: Display,
    {
        in_segment(self.begin(message), work)
    }

    /// Does the work for a batch in one segment of a trace of its own, linked with the traces of the messages.
    pub fn batch<F, T, E>(&self, messages: &[Message], work: F) -> impl Future<Output = F::Output> + use<F, T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: Display,
    {
        in_segment(self.begin_batch(messages), work)
    }

    /// Opens the segment of one message, for work that is no future.
    pub fn begin(&self, message: &Message) -> Segment {
        let mut segment = Segment::begin_from(self.name.clone(), &facts::header(message));
        if segment.is_recording() {
            self.describe(&mut segment);
            if let Some(age) = facts::age(message, wall_now().as_micros() / 1_000) {
                segment.annotate("message_age_ms", age);
            }
            if let Some(attempts) = facts::attempts(message) {
                segment.annotate("message_attempts", attempts);
            }
            if let Some(id) = &message.message_id {
                segment.metadata("message_id", id);
            }
        }
        segment
    }

    /// Opens the segment of a batch, for work that is no future.
    pub fn begin_batch(&self, messages: &[Message]) -> Segment {
        let mut header = TraceHeader::default();
        header.sampling = facts::sampling(messages);
        let mut segment = Segment::begin_from(self.name.clone(), &header);
        if segment.is_recording() {
            self.describe(&mut segment);
            segment.annotate("message_count", messages.len() as u64);
            for link in facts::links(messages) {
                segment.link(link);
            }
        }
        segment
    }

    fn describe(&self, segment: &mut Segment) {
        if let Some(queue) = &self.queue {
            segment.metadata("queue_url", queue);
        }
    }
}

fn in_segment<F, T, E>(segment: Segment, work: F) -> impl Future<Output = F::Output>
where
    F: Future<Output = Result<T, E>>,
    E: Display,
{
    Owned::new(segment, work, |segment: &mut Segment, result: &Result<T, E>| {
        if let Err(error) = result {
            segment.failure(Classification::Fault, || Exceptions::of_display(error));
        }
    })
}
