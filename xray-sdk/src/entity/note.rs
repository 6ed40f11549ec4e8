//! [`Note`]: something said about an open entity by code that does not own it.

use std::borrow::Cow;

use serde_json::Value;
use telemetry_wire::{AnnotationFixes, AnnotationValue, Details, Exception, Flags};

use super::record::{ANNOTATION, BLOCK, CAUSE};

/// Code below an open segment or subsegment knows only its [`super::Context`]; what it says waits in the cell until the
/// entity is encoded.
#[derive(Debug)]
pub(crate) enum Note {
    Annotation(Cow<'static, str>, AnnotationValue),
    Metadata(Cow<'static, str>, String, Value),
    User(String),
    Failure(Flags, Vec<Exception>),
}

impl Note {
    /// Bytes that this will about take in a document; exact sizes are found when it is encoded.
    pub(super) fn estimated_bytes(&self) -> usize {
        match self {
            Self::Annotation(..) => ANNOTATION,
            Self::Metadata(..) => BLOCK,
            Self::User(user) => user.len(),
            Self::Failure(_, exceptions) => exceptions.len() * CAUSE,
        }
    }

    /// Adds this to what the owner recorded. Returns the changes that an annotation needed.
    pub(crate) fn apply(self, flags: &mut Flags, details: &mut Details) -> AnnotationFixes {
        match self {
            Self::Annotation(key, value) => return details.annotate(key, value),
            Self::Metadata(namespace, key, value) => details.add_metadata(namespace, key, value),
            Self::User(user) => details.user = Some(user),
            Self::Failure(failure, exceptions) => {
                *flags = flags.or(failure);
                add_exceptions(details, exceptions);
            }
        }
        AnnotationFixes::default()
    }
}

/// Exceptions of one entity. A document holds fewer; more would only take memory until it is encoded.
const MOST_EXCEPTIONS: usize = 1_024;

/// Appends to the exceptions that an entity already has, up to [`MOST_EXCEPTIONS`]. The last one says how many were skipped.
pub(crate) fn add_exceptions(details: &mut Details, mut exceptions: Vec<Exception>) {
    use telemetry_wire::{Cause, CauseDetail};
    if exceptions.is_empty() {
        return;
    }
    if !matches!(details.cause.as_deref(), Some(Cause::Here(_))) {
        details.cause = Some(Box::new(Cause::Here(CauseDetail::default())));
    }
    let Some(Cause::Here(detail)) = details.cause.as_deref_mut() else { return };
    let room = MOST_EXCEPTIONS.saturating_sub(detail.exceptions.len());
    let skipped = exceptions.len().saturating_sub(room);
    exceptions.truncate(room);
    detail.exceptions.append(&mut exceptions);
    if let Some(last) = detail.exceptions.last_mut().filter(|_| skipped > 0) {
        last.skipped = Some(last.skipped.unwrap_or(0).saturating_add(u32::try_from(skipped).unwrap_or(u32::MAX)));
    }
}
