//! [`Mapping`]: from a document to spans and their resource.

use std::sync::{Mutex, PoisonError};

use telemetry_wire::Document;
use telemetry_wire::otlp::{Resource, Span, resource_of, spans_of};

/// Maps documents; those of subsegments that come on their own are given the resource of the segment before them.
#[derive(Debug, Default)]
pub(super) struct Mapping(Mutex<Resource>);

impl Mapping {
    /// The spans of a document and their resource; none for one that is in progress.
    pub(super) fn map(&self, document: &str) -> serde_json::Result<(Resource, Vec<Span>)> {
        let document = Document::parse(document.as_bytes())?;
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !document.is_subsegment() {
            *last = resource_of(&document);
        }
        Ok((last.clone(), spans_of(&document)))
    }
}
