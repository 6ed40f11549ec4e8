//! Cuts events into batches that PutLogEvents takes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use telemetry_delivery::{Batcher, Held, Patience};

use crate::event::{LogEvent, Target};

/// Events per batch.
const EVENTS: usize = 10_000;
/// Bytes per batch: UTF-8 of the messages and [`OVERHEAD`] for each event.
const BYTES: usize = 1_048_576;
/// Bytes that the service adds per event.
const OVERHEAD: usize = 26;
/// The largest message that fits a batch of its own.
pub(crate) const MESSAGE_BYTES: usize = BYTES - OVERHEAD;
/// Milliseconds between the first and the last event.
const SPAN: i64 = 24 * 3_600_000;

/// Batches of one stream each, in the order of time, no longer than a day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogBatcher {
    pub(crate) linger: Duration,
}

impl Batcher<LogEvent> for LogBatcher {
    fn patience(&self) -> Patience {
        Patience { plenty: EVENTS, plenty_bytes: BYTES, full: EVENTS, briefly: self.linger, linger: self.linger }
    }

    fn cut(&self, events: Vec<Held<LogEvent>>) -> Vec<Vec<Held<LogEvent>>> {
        let mut order: Vec<Arc<Target>> = Vec::new();
        let mut by_target: HashMap<Arc<Target>, Vec<Held<LogEvent>>> = HashMap::new();
        for held in events {
            let target = Arc::clone(&held.item.target);
            by_target.entry(Arc::clone(&target)).or_insert_with(|| {
                order.push(target);
                Vec::new()
            });
            if let Some(of_target) = by_target.get_mut(&held.item.target) {
                of_target.push(held);
            }
        }
        order.iter().filter_map(|target| by_target.remove(target)).flat_map(cut_stream).collect()
    }
}

fn cut_stream(mut events: Vec<Held<LogEvent>>) -> Vec<Vec<Held<LogEvent>>> {
    if !events.is_sorted_by_key(|held| held.item.timestamp) {
        events.sort_by_key(|held| held.item.timestamp);
    }
    let (mut batches, mut batch, mut bytes) = (Vec::new(), Vec::<Held<LogEvent>>::new(), 0);
    for held in events {
        let size = held.item.message.len() + OVERHEAD;
        let is_too_long = batch.first().is_some_and(|first| held.item.timestamp - first.item.timestamp > SPAN);
        if !batch.is_empty() && (batch.len() == EVENTS || bytes + size > BYTES || is_too_long) {
            batches.push(std::mem::take(&mut batch));
            bytes = 0;
        }
        bytes += size;
        batch.push(held);
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn held(stream: &str, timestamp: i64, length: usize) -> Held<LogEvent> {
        let target = Arc::new(Target { group: "g".into(), stream: stream.into() });
        let item = LogEvent { target, timestamp, message: "x".repeat(length), content: 0, from: 0, to: 0 };
        Held::new(item)
    }

    fn check(batches: &[Vec<Held<LogEvent>>]) {
        for batch in batches {
            let bytes: usize = batch.iter().map(|held| held.item.message.len() + OVERHEAD).sum();
            assert!(!batch.is_empty() && batch.len() <= EVENTS && bytes <= BYTES);
            assert!(batch.is_sorted_by_key(|held| held.item.timestamp));
            assert!(batch[batch.len() - 1].item.timestamp - batch[0].item.timestamp <= SPAN);
            assert!(batch.iter().all(|held| held.item.target == batch[0].item.target));
        }
    }

    #[test]
    fn limits_are_met_exactly() {
        let cut = |events| LogBatcher { linger: Duration::ZERO }.cut(events);
        let full = cut(vec![held("s", 0, MESSAGE_BYTES)]);
        assert_eq!(full.len(), 1);
        check(&full);
        assert_eq!(cut(vec![held("s", 0, MESSAGE_BYTES), held("s", 0, 1)]).len(), 2);
        assert_eq!(cut((0..EVENTS + 1).map(|_| held("s", 0, 1)).collect()).len(), 2);
        assert_eq!(cut(vec![held("s", 0, 1), held("s", SPAN, 1)]).len(), 1);
        assert_eq!(cut(vec![held("s", 0, 1), held("s", SPAN + 1, 1)]).len(), 2);
    }

    proptest! {
        #[test]
        fn any_events_give_batches_that_the_service_takes(events in prop::collection::vec((0_u8..3, 0_i64..SPAN * 3, 1_usize..300_000), 0..40)) {
            let count = events.len();
            let events = events.iter().map(|(stream, time, length)| held(&stream.to_string(), *time, *length)).collect();
            let batches = LogBatcher { linger: Duration::ZERO }.cut(events);
            check(&batches);
            prop_assert_eq!(batches.iter().map(Vec::len).sum::<usize>(), count);
        }
    }
}
