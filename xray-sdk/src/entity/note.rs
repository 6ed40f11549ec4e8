//! [`Note`]: something said about an open entity by code that does not own it.

use std::borrow::Cow;

use serde_json::Value;
use telemetry_wire::{AnnotationValue, Details, Exception, Flags};

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

    /// Adds this to what the owner recorded. Returns how many annotation keys had to be fixed.
    pub(crate) fn apply(self, flags: &mut Flags, details: &mut Details) -> u32 {
        match self {
            Self::Annotation(key, value) => return u32::from(details.annotate(key, value)),
            Self::Metadata(namespace, key, value) => details.add_metadata(namespace, key, value),
            Self::User(user) => details.user = Some(user),
            Self::Failure(failure, exceptions) => {
                *flags = flags.or(failure);
                add_exceptions(details, exceptions);
            }
        }
        0
    }
}

/// Appends to the exceptions that an entity already has.
pub(crate) fn add_exceptions(details: &mut Details, exceptions: Vec<Exception>) {
    use telemetry_wire::{Cause, CauseDetail};
    if exceptions.is_empty() {
        return;
    }
    match details.cause.as_deref_mut() {
        Some(Cause::Here(detail)) => detail.exceptions.extend(exceptions),
        _ => details.cause = Some(Box::new(Cause::Here(CauseDetail { exceptions, ..CauseDetail::default() }))),
    }
}
