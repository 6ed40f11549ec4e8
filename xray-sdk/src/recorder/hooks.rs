//! [`Hooks`]: what the application decides instead of the SDK.

use telemetry_wire::Exception;

use crate::entity::{Classification, IdSource};

type Classifier = dyn Fn(&[Exception]) -> Classification + Send + Sync;

/// Set by the builder; nothing by default.
#[derive(Default)]
pub(crate) struct Hooks {
    pub(super) classifier: Option<Box<Classifier>>,
    pub(super) ids: Option<Box<dyn IdSource>>,
}

impl Hooks {
    /// Whose fault the outermost of these is, which would be a fault of ours.
    pub(crate) fn classify(&self, exceptions: &[Exception]) -> Classification {
        self.classifier.as_ref().map_or(Classification::Fault, |classify| classify(exceptions))
    }
}
