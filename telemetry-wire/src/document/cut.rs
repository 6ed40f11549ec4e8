//! Makes an entity fit that exceeds the document limit by itself: the least useful parts go first, and the document says which.

use std::fmt;
use std::sync::Arc;

use crate::bytes::write_json_string;
use crate::document::aws::Aws;
use crate::document::cause::{Cause, CauseDetail};
use crate::document::details::Details;
use crate::document::limits;
use serde_json::{Map, Value};

/// Bytes kept free for the entry of metadata that says what was removed.
const MARK: usize = 200;
/// Between two items of a list.
const COMMA: usize = 1;
/// Characters of an exception's message and type when many exceptions have to share the room.
const SHORT: usize = 200;

/// Removes parts of `details` until `size` returns at most `room` bytes, or nothing is left that may go. Returns whether anything went.
///
/// In this order: stack frames, the largest entries of metadata, query text, long messages, the last exceptions, the last annotations, links,
/// resources, and in the end texts of `http`. Each step removes what exceeds the room and no more; `size` is the encoded size, so characters
/// that JSON escapes count as what they become.
pub fn cut_to_fit(details: &mut Details, room: usize, size: impl Fn(&Details) -> usize) -> bool {
    let room = room.saturating_sub(MARK);
    let mut removed = Removed::default();
    for step in STEPS {
        let excess = size(details).saturating_sub(room);
        if excess == 0 {
            break;
        }
        step(details, excess, &mut removed);
    }
    if removed.is_nothing() {
        return false;
    }
    details.add_metadata("default".into(), "truncated".into(), removed.to_string().into());
    true
}

/// Bytes that `write` writes.
fn encoded(write: impl FnOnce(&mut Vec<u8>)) -> usize {
    let mut out = Vec::new();
    write(&mut out);
    out.len()
}

/// Removes at least so many bytes of one kind, as far as there are any.
type Step = fn(&mut Details, usize, &mut Removed);

const STEPS: [Step; 8] = [cut_stacks, cut_metadata, cut_query, cut_messages, cut_exceptions, cut_annotations, cut_lists, cut_texts];

/// Counts of removed parts, by kind.
#[derive(Debug, Default)]
struct Removed {
    frames: usize,
    metadata: usize,
    query: bool,
    messages: usize,
    exceptions: usize,
    annotations: usize,
    resources: bool,
    texts: bool,
}

impl Removed {
    const fn is_nothing(&self) -> bool {
        let counts = self.frames + self.metadata + self.messages + self.exceptions + self.annotations;
        counts == 0 && !self.query && !self.resources && !self.texts
    }
}

impl fmt::Display for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("to fit the document limit, these were removed:")?;
        let mut separator = " ";
        let counts = [
            (self.frames, "stack frames"),
            (self.metadata, "entries of metadata"),
            (self.messages, "ends of messages"),
            (self.exceptions, "exceptions"),
            (self.annotations, "annotations"),
        ];
        for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, "{separator}{count} {what}")?;
            separator = ", ";
        }
        let flags = [(self.query, "the end of the query"), (self.resources, "links and resources"), (self.texts, "texts of http and sql")];
        for (_, what) in flags.into_iter().filter(|(is_removed, _)| *is_removed) {
            write!(f, "{separator}{what}")?;
            separator = ", ";
        }
        Ok(())
    }
}

fn exceptions(details: &mut Details) -> Option<&mut CauseDetail> {
    match details.cause.as_deref_mut() {
        Some(Cause::Here(cause)) => Some(cause),
        _ => None,
    }
}

fn cut_stacks(details: &mut Details, _: usize, removed: &mut Removed) {
    for exception in exceptions(details).into_iter().flat_map(|cause| &mut cause.exceptions) {
        let frames = std::mem::take(&mut exception.stack).len();
        if frames > 0 {
            let cut = u32::try_from(frames).unwrap_or(u32::MAX);
            exception.truncated = Some(exception.truncated.unwrap_or(0).saturating_add(cut));
            removed.frames += frames;
        }
    }
}

/// The largest entries go first: a small one beside a large one is likely worth more.
fn cut_metadata(details: &mut Details, excess: usize, removed: &mut Removed) {
    let size = |key: &str, value: &Value| key.len() + serde_json::to_string(value).map_or(0, |text| text.len());
    let mut by_size: Vec<(usize, usize, String)> = Vec::new();
    for (namespace, (_, entries)) in details.metadata.iter().enumerate() {
        by_size.extend(entries.iter().map(|(key, value)| (size(key, value), namespace, key.clone())));
    }
    by_size.sort_unstable_by(|one, other| other.cmp(one));
    let mut freed = 0;
    for (bytes, namespace, key) in by_size {
        if freed >= excess {
            break;
        }
        if let Some((_, entries)) = details.metadata.get_mut(namespace) {
            entries.remove(&key);
        }
        freed += bytes;
        removed.metadata += 1;
    }
    details.metadata.retain(|(_, entries): &(_, Map<String, Value>)| !entries.is_empty());
}

/// A byte of text is at least one byte of JSON.
fn cut_query(details: &mut Details, excess: usize, removed: &mut Removed) {
    let Some(sql) = details.sql.as_mut().filter(|sql| sql.sanitized_query.is_some()) else { return };
    if let Some(query) = Arc::make_mut(sql).sanitized_query.as_mut() {
        let keep = query.floor_char_boundary(query.len().saturating_sub(excess));
        query.truncate(keep);
        removed.query = true;
    }
}

fn cut_messages(details: &mut Details, _: usize, removed: &mut Removed) {
    for exception in exceptions(details).into_iter().flat_map(|cause| &mut cause.exceptions) {
        for text in [&mut exception.message, &mut exception.kind].into_iter().flatten() {
            let short = limits::cut(text, SHORT).len();
            if short < text.len() {
                text.truncate(short);
                removed.messages += 1;
            }
        }
    }
}

/// The first stays: of a chain it is the error that was returned, of a flood it is what began it.
fn cut_exceptions(details: &mut Details, excess: usize, removed: &mut Removed) {
    let Some(cause) = exceptions(details) else { return };
    let mut freed = 0;
    while freed < excess && cause.exceptions.len() > 1 {
        let Some(last) = cause.exceptions.pop() else { break };
        freed += encoded(|out| last.write(out)) + COMMA;
        // Those that it stood for are gone too.
        removed.exceptions += 1 + last.skipped.map_or(0, |skipped| skipped as usize);
    }
    let kept: Vec<_> = cause.exceptions.iter().map(|exception| exception.id).collect();
    for exception in &mut cause.exceptions {
        if exception.cause.is_some_and(|cause| !kept.contains(&cause)) {
            exception.cause = None;
        }
    }
    if let Some(last) = cause.exceptions.last_mut() {
        let skipped = u32::try_from(removed.exceptions).unwrap_or(u32::MAX);
        last.skipped = Some(last.skipped.unwrap_or(0).saturating_add(skipped));
    }
}

/// Removes annotations from the end, so that the first ones stay.
fn cut_annotations(details: &mut Details, excess: usize, removed: &mut Removed) {
    let mut freed = 0;
    while freed < excess {
        let Some(last) = details.annotations.pop() else { break };
        freed += encoded(|out| write_json_string(out, &last.key)) + encoded(|out| last.value.write(out)) + COMMA;
        removed.annotations += 1;
    }
}

fn cut_lists(details: &mut Details, _: usize, removed: &mut Removed) {
    details.links.clear();
    details.precursor_ids.clear();
    if let Some(aws) = details.aws.as_deref_mut() {
        *aws = Aws { operation: aws.operation.take(), region: aws.region.take(), request_id: aws.request_id.take(), ..Aws::default() };
    }
    removed.resources = true;
}

fn cut_texts(details: &mut Details, _: usize, removed: &mut Removed) {
    if let Some(http) = details.http.as_deref_mut() {
        (http.request.url, http.request.user_agent) = (None, None);
    }
    (details.sql, details.user) = (None, None);
    for exception in exceptions(details).into_iter().flat_map(|cause| &mut cause.exceptions) {
        exception.message = None;
    }
    removed.texts = true;
}
