//! OpenTelemetry's spans in PutTraceSegments, as its X-Ray distributions send them.

use telemetry_wire::otlp::{CarriedSpans, DocumentMapping};

use super::unprocessed::Unprocessed;

/// The documents of the spans, and why some have none. Spans that are not sampled are taken and come to nothing: X-Ray makes metrics of them,
/// not traces.
pub(super) fn documents_of(carried: CarriedSpans<'_>) -> (Vec<String>, Vec<Unprocessed>) {
    let request = match carried.decode() {
        Ok(request) if carried.are_sampled => request,
        Ok(_) => return Default::default(),
        Err(error) => return (Vec::new(), vec![Unprocessed::new("InvalidSegment", None, &with_cause(&error))]),
    };
    let mapped = DocumentMapping::default().documents_of(&request);
    let mut refused = Vec::new();
    if mapped.invalid > 0 {
        refused.push(Unprocessed::new("InvalidSegmentId", None, &format!("{} spans without valid ids", mapped.invalid)));
    }
    if mapped.too_large > 0 {
        refused.push(Unprocessed::new("InvalidSegment", None, &format!("{} spans larger than 64 kB", mapped.too_large)));
    }
    (mapped.documents.into_iter().map(|document| document.text).collect(), refused)
}

fn with_cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}
