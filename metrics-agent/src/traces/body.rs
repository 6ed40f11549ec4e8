//! The body of PutTraceSegments, written once from documents as they lie.
//!
//! The SDK takes a copy of each document, and its escaping alone took a third of the agent's time.

use axum::body::Bytes;
use telemetry_delivery::Held;
use telemetry_wire::write_json_string;

use crate::intake::RawSegment;

const BEGIN: &[u8] = b"{\"TraceSegmentDocuments\":[";
const END: &[u8] = b"]}";

/// The batch as a request's body.
pub(super) fn body_of(batch: &[Held<RawSegment>]) -> Bytes {
    let bytes: usize = batch.iter().map(|held| held.item.document.len()).sum();
    // A fifth of a document is quotes.
    let mut body = Vec::with_capacity(bytes + bytes / 4 + BEGIN.len() + END.len());
    body.extend_from_slice(BEGIN);
    for (number, held) in batch.iter().enumerate() {
        if number > 0 {
            body.push(b',');
        }
        write_json_string(&mut body, &held.item.document);
    }
    body.extend_from_slice(END);
    body.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_strings_of_a_list_as_they_came() {
        let documents = ["{\"name\":\"a\\\"b\\\\c\u{1f600}\"}", "{}", "{\n\t\"id\": 1\u{1}}"];
        let batch: Vec<_> = documents.iter().map(|document| Held::new(RawSegment::of_document(document))).collect();
        let read: serde_json::Value = serde_json::from_slice(&body_of(&batch)).unwrap();
        assert_eq!(read, serde_json::json!({ "TraceSegmentDocuments": documents }));
        assert_eq!(&*body_of(&[]), b"{\"TraceSegmentDocuments\":[]}");
    }
}
