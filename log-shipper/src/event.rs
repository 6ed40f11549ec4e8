//! [`LogEvent`]: a line on its way.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use telemetry_delivery::{Item, allocated};

/// A log group and a stream in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) group: String,
    pub(crate) stream: String,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.group, self.stream)
    }
}

/// A line, or a part of one that is too long for an event.
#[derive(Clone, Debug)]
pub(crate) struct LogEvent {
    pub(crate) target: Arc<Target>,
    pub(crate) timestamp: i64,
    pub(crate) message: String,
    /// Number of the content that it was read from; `from` and `to` are the bytes that are done when this event is.
    pub(crate) content: u64,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

impl Item for LogEvent {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.message.len()
    }

    fn heap_bytes(&self) -> usize {
        allocated(self.message.capacity())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_takes_its_struct_and_its_text_as_it_was_allocated() {
        let target = Arc::new(Target { group: "/app".into(), stream: "web-1".into() });
        assert_eq!(target.to_string(), "/app:web-1");
        let mut message = String::with_capacity(1_000);
        message.push_str("a line");
        let event = LogEvent { target, timestamp: 0, message, content: 1, from: 0, to: 6 };
        assert_eq!((event.bytes(), event.heap_bytes()), (size_of::<LogEvent>() + 6, allocated(1_000)));
    }
}
