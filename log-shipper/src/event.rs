//! [`LogEvent`]: a line on its way.

use std::sync::Arc;

use telemetry_delivery::Item;

use crate::identity::FileId;

/// Where lines go.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    pub(crate) group: String,
    pub(crate) stream: String,
}

/// A line, or a part of one that is too long for an event.
#[derive(Clone, Debug)]
pub(crate) struct LogEvent {
    pub(crate) target: Arc<Target>,
    pub(crate) timestamp: i64,
    pub(crate) message: String,
    /// Where it comes from: the file, and the bytes that are done when this event is.
    pub(crate) file: FileId,
    /// How often the file had been begun anew: what was read before a truncation says nothing about what is there now.
    pub(crate) generation: u32,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

impl Item for LogEvent {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.message.len()
    }
}
