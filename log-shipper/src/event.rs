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
