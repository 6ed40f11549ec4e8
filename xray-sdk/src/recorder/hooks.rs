//! [`Hooks`]: what the application decides instead of the SDK.

use telemetry_wire::{Exception, Flags};

use crate::entity::{Classification, IdSource};

type Classifier = dyn Fn(&[Exception]) -> Classification + Send + Sync;
type StatusClassifier = dyn Fn(u16) -> Classification + Send + Sync;

/// Set by the builder; nothing by default.
#[derive(Default)]
pub(crate) struct Hooks {
    pub(super) classifier: Option<Box<Classifier>>,
    pub(super) status: Option<Box<StatusClassifier>>,
    pub(super) ids: Option<Box<dyn IdSource>>,
    /// Records the messages of databases, as [`Builder::database_messages`](super::Builder::database_messages) asks.
    pub(crate) shows_database_messages: bool,
}

impl Hooks {
    /// Whose fault the outermost of these is, which would be a fault of ours.
    pub(crate) fn classify(&self, exceptions: &[Exception]) -> Classification {
        self.classifier.as_ref().map_or(Classification::Fault, |classify| classify(exceptions))
    }

    /// Returns the flags of a response with this status, of servers and clients alike.
    pub(crate) fn flags_of(&self, status: u16) -> Flags {
        self.status.as_ref().map_or_else(|| Flags::of_status(status), |classify| classify(status).flags())
    }
}
