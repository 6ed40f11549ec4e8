//! Functions on the current segment and subsegment, for code that owns neither.

use std::borrow::Cow;

use serde::Serialize;
use telemetry_wire::{AnnotationValue, TraceId};

use super::exception::Exceptions;
use super::subsegment::to_json;
use crate::entity::{Classification, Context, Note, Noted};
use crate::recorder::{current_recorder, report_missing};

/// Adds an indexed pair to the current segment or subsegment.
pub fn annotate(key: impl Into<Cow<'static, str>>, value: impl Into<AnnotationValue>) {
    note(Context::current(), "an annotation", || Note::Annotation(key.into(), value.into()));
}

/// Adds any serializable value to the current segment or subsegment, in the namespace `default`.
pub fn add_metadata(key: impl Into<String>, value: impl Serialize) {
    note(Context::current(), "metadata", || Note::Metadata("default".into(), key.into(), to_json(value)));
}

/// Sets the end user on the current segment.
pub fn set_user(user: impl Into<String>) {
    note(Context::current().segment(), "a user", || Note::User(user.into()));
}

/// Records an error, with its chain of sources, on the current segment or subsegment.
pub fn add_error<E: std::error::Error + ?Sized>(error: &E, classification: Classification) {
    if classification != Classification::Ignored {
        note(Context::current(), "an error", || Note::Failure(classification.flags(), Exceptions::of(error).0));
    }
}

/// The current trace, sampled or not; for log lines.
#[must_use]
pub fn trace_id() -> Option<TraceId> {
    Context::current().trace_id()
}

fn note(context: Context, what: &str, make: impl FnOnce() -> Note) {
    if context.is_recording() {
        let noted = context.note(make());
        if noted != Noted::Kept
            && let Some(recorder) = current_recorder()
        {
            recorder.count_lost_note(noted);
        }
    } else if !context.is_present() {
        report_missing(what);
    }
}
