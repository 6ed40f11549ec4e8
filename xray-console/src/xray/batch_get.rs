//! BatchGetTraces: processed documents. Independent subsegments are folded into their parents, and each call to a service that
//! does not report appears as a segment of its own with `inferred`.

use std::collections::HashMap;

use serde_json::{Value, json};
use telemetry_wire::SegmentId;

use super::inferred::Inferred;
use super::tree::TraceTree;
use super::{digest, load_documents};
use crate::protocol::ApiError;
use crate::storage::Storage;

/// The operation.
pub(crate) async fn batch_get_traces(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let ids = input.get("TraceIds").and_then(Value::as_array).ok_or_else(|| ApiError::invalid_request("TraceIds is required"))?;
    let ids: Vec<String> = ids.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let (traces, unknown) = storage.read(move |connection| read(connection, ids)).await?;
    Ok(json!({ "Traces": traces, "UnprocessedTraceIds": unknown }))
}

fn read(connection: &rusqlite::Connection, ids: Vec<String>) -> rusqlite::Result<(Vec<Value>, Vec<String>)> {
    let (mut traces, mut unknown) = (Vec::new(), Vec::new());
    for id in ids {
        let tree = TraceTree::join(load_documents(connection, &id)?);
        if tree.entities.is_empty() {
            unknown.push(id);
        } else {
            let raw = raw_documents(connection, &id)?;
            traces.push(trace(&id, &tree, &raw));
        }
    }
    Ok((traces, unknown))
}

/// What arrived, field for field, by id: unknown fields are given back too.
fn raw_documents(connection: &rusqlite::Connection, trace_id: &str) -> rusqlite::Result<HashMap<SegmentId, Value>> {
    let mut statement = connection.prepare_cached("SELECT document FROM segment WHERE trace_id = ?1")?;
    let texts = statement.query_map([trace_id], |row| row.get::<_, String>(0))?;
    let mut by_id = HashMap::new();
    for text in texts {
        let mut waiting: Vec<Value> = serde_json::from_str(&text?).ok().into_iter().collect();
        while let Some(mut value) = waiting.pop() {
            let children = value.as_object_mut().and_then(|fields| fields.remove("subsegments"));
            if let Some(Value::Array(children)) = children {
                waiting.extend(children);
            }
            if let Some(id) = value.get("id").and_then(Value::as_str).and_then(|id| SegmentId::parse(id).ok()) {
                by_id.insert(id, value);
            }
        }
    }
    Ok(by_id)
}

fn trace(id: &str, tree: &TraceTree, raw: &HashMap<SegmentId, Value>) -> Value {
    let mut segments: Vec<Value> = Vec::new();
    for top in tree.tops() {
        for document in processed(tree, top, raw) {
            segments.push(json!({ "Id": document["id"], "Document": document.to_string() }));
        }
    }
    for (place, entity) in tree.entities.iter().enumerate() {
        if !entity.is_segment
            && tree.callee(place).is_none()
            && let Some(inferred) = Inferred::of(&entity.document)
        {
            let document = inferred_segment(id, &inferred, raw.get(&entity.document.id));
            segments.push(json!({ "Id": document["id"], "Document": document.to_string() }));
        }
    }
    let duration = digest::digest(tree).facts.duration;
    json!({ "Id": id, "Duration": duration, "LimitExceeded": false, "Segments": segments })
}

/// Levels that are folded into one document: readers of JSON stop at 128, and a subsegment is two. What is deeper becomes a
/// document of its own.
const DEPTH: usize = 50;

/// The document of a top, and of each entity too deep to be folded into it. Children are made first, so that each is put into a
/// parent that still waits; nothing recurses.
fn processed(tree: &TraceTree, top: usize, raw: &HashMap<SegmentId, Value>) -> Vec<Value> {
    let mut order = vec![(top, 0)];
    let mut at = 0;
    while let Some((place, depth)) = order.get(at).copied() {
        let children = tree.get(place).map(|entity| entity.children.as_slice()).unwrap_or_default();
        order.extend(children.iter().map(|&child| (child, (depth + 1) % DEPTH)));
        at += 1;
    }
    let mut documents = Vec::new();
    let mut made: HashMap<usize, Value> = HashMap::new();
    for &(place, depth) in order.iter().rev() {
        let Some(entity) = tree.get(place) else { continue };
        let mut value = raw.get(&entity.document.id).cloned().unwrap_or_else(|| json!({}));
        let children: Vec<Value> = entity.children.iter().filter_map(|child| made.remove(child)).collect();
        if let Some(fields) = value.as_object_mut() {
            place_in_trace(fields, tree, place, depth == 0 && place != top);
            if !children.is_empty() {
                fields.insert("subsegments".into(), Value::Array(children));
            }
        }
        if depth == 0 {
            documents.push(value);
        } else {
            made.insert(place, value);
        }
    }
    documents.reverse();
    documents
}

/// Nested entities say nothing of their place; those that head a document do.
fn place_in_trace(fields: &mut serde_json::Map<String, Value>, tree: &TraceTree, place: usize, is_cut_off: bool) {
    let Some(entity) = tree.get(place) else { return };
    if entity.parent.is_some() {
        for key in ["type", "trace_id", "parent_id"] {
            fields.remove(key);
        }
    }
    let parent = entity.parent.and_then(|parent| tree.get(parent));
    if is_cut_off && let Some(parent) = parent {
        fields.insert("type".into(), json!("subsegment"));
        fields.insert("parent_id".into(), json!(parent.document.id));
    }
}

/// The called service's side of a call. Its id is the call's with the bits turned, so it stays the same from read to read.
fn inferred_segment(trace_id: &str, inferred: &Inferred, call: Option<&Value>) -> Value {
    let field = |key: &str| call.and_then(|call| call.get(key)).cloned();
    let id = field("id").and_then(|id| u64::from_str_radix(id.as_str()?, 16).ok()).map(|id| format!("{:016x}", !id));
    let mut segment = json!({ "id": id, "name": inferred.name, "trace_id": trace_id, "parent_id": field("id"), "inferred": true, "origin": inferred.kind });
    for key in ["start_time", "end_time", "in_progress", "http", "aws", "sql", "error", "fault", "throttle"] {
        if let Some(value) = field(key) {
            segment[key] = value;
        }
    }
    segment
}
