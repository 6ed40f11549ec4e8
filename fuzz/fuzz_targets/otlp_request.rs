//! OpenTelemetry's spans as the agent takes them, protobuf, JSON or text: each is in exactly one document or counted, and documents are what the
//! console reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry_wire::Document;
use telemetry_wire::otlp::{CarriedSpans, DocumentMapping, ExportTraceServiceRequest, Message as _, cut};

fuzz_target!(|bytes: &[u8]| {
    let carried = std::str::from_utf8(bytes).ok().and_then(CarriedSpans::find).and_then(|carried| carried.decode().ok());
    let requests = [ExportTraceServiceRequest::decode(bytes).ok(), serde_json::from_slice(bytes).ok(), carried];
    requests.into_iter().flatten().for_each(|request| check(&request));
});

fn check(request: &ExportTraceServiceRequest) {
    let spans = spans_of(request);
    let mapped = DocumentMapping { document_bytes: 2_000, ..DocumentMapping::default() }.documents_of(request);
    let in_documents: u64 = mapped.documents.iter().map(|document| document.spans).sum();
    assert_eq!(in_documents + mapped.invalid + mapped.too_large, spans, "a span was lost or doubled");
    for document in &mapped.documents {
        assert!(document.text.len() <= 2_000, "a document is too large");
        let parsed = Document::parse(document.text.as_bytes()).expect("a document that cannot be read");
        assert_eq!(parsed.walk().count() as u64, document.spans, "spans of a document");
    }
    assert_eq!(cut(request.clone(), 100).iter().map(spans_of).sum::<u64>(), spans, "a span was cut away");
}

fn spans_of(request: &ExportTraceServiceRequest) -> u64 {
    request.resource_spans.iter().flat_map(|resource| &resource.scope_spans).map(|scope| scope.spans.len() as u64).sum()
}
