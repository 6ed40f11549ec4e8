//! What is cut from an entity that exceeds the limit by itself, mildest first.

use std::sync::Arc;

use telemetry_wire::{Annotation, AnnotationValue, Cause, Details, Exception, limits};

/// Takes stack frames, then metadata, then the query and messages, then the last annotations, until about `room` bytes are left.
/// Returns whether anything was taken.
pub(super) fn cut(details: &mut Details, room: usize) -> bool {
    let size = |details: &Details| {
        let metadata: usize = details.metadata.iter().map(|(_, entries)| serde_json::to_string(entries).map_or(0, |text| text.len())).sum();
        let query = details.sql.as_ref().and_then(|sql| sql.sanitized_query.as_ref()).map_or(0, String::len);
        let exceptions = details.cause.as_ref().map_or(0, |cause| cause.exceptions().iter().map(size_of_exception).sum());
        metadata + query + exceptions + details.annotations.iter().map(size_of_annotation).sum::<usize>()
    };
    let was = size(details);
    cut_stacks(details);
    if size(details) > room {
        details.metadata.clear();
        details.add_metadata("default".into(), "truncated".into(), "metadata was cut to fit the document limit".into());
    }
    if size(details) > room {
        cut_texts(details, room / 2);
    }
    if size(details) > room {
        cut_annotations(details, room / 2);
    }
    size(details) < was
}

/// Quotes, colon and comma; characters that JSON escapes may take more.
fn size_of_annotation(annotation: &Annotation) -> usize {
    annotation.key.len()
        + 6
        + if let AnnotationValue::Text(text) = &annotation.value { text.len().min(4 * limits::ANNOTATION_VALUE_CHARS) } else { 24 }
}

/// Keeps the first that fit.
fn cut_annotations(details: &mut Details, room: usize) {
    let mut taken = 0;
    details.annotations.retain(|annotation| {
        taken += size_of_annotation(annotation);
        taken <= room
    });
}

fn size_of_exception(exception: &Exception) -> usize {
    let stack: usize = exception
        .stack
        .iter()
        .map(|frame| 40 + frame.path.as_ref().map_or(0, String::len) + frame.label.as_ref().map_or(0, String::len))
        .sum();
    stack + exception.message.as_ref().map_or(0, String::len)
}

fn cut_stacks(details: &mut Details) {
    let Some(Cause::Here(cause)) = details.cause.as_deref_mut() else { return };
    for exception in &mut cause.exceptions {
        let frames = u32::try_from(std::mem::take(&mut exception.stack).len()).unwrap_or(u32::MAX);
        if frames > 0 {
            exception.truncated = Some(exception.truncated.unwrap_or(0).saturating_add(frames));
        }
    }
}

fn cut_texts(details: &mut Details, chars: usize) {
    if let Some(query) = details.sql.as_mut().and_then(|sql| Arc::make_mut(sql).sanitized_query.as_mut()) {
        *query = limits::cut(query, chars).to_owned();
    }
    let Some(Cause::Here(cause)) = details.cause.as_deref_mut() else { return };
    let share = chars / cause.exceptions.len().max(1) / 4;
    for message in cause.exceptions.iter_mut().filter_map(|exception| exception.message.as_mut()) {
        *message = limits::cut(message, share).to_owned();
    }
}
