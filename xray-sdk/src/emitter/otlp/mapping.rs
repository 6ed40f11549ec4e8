//! [`Mapping`]: from a document to spans and their resource.

use std::sync::Arc;

use arc_swap::ArcSwap;
use telemetry_wire::Document;
use telemetry_wire::otlp::{Resource, Span, resource_of, spans_of};

/// Maps documents; those of subsegments that come on their own are given the resource of the segment before them.
#[derive(Debug, Default)]
pub(super) struct Mapping(ArcSwap<Resource>);

impl Mapping {
    /// The spans of a document and their resource; none for one that is in progress.
    pub(super) fn map(&self, document: &str) -> serde_json::Result<(Resource, Vec<Span>)> {
        let document = Document::parse(document.as_bytes())?;
        if !document.is_subsegment() {
            self.0.store(Arc::new(resource_of(&document)));
        }
        Ok((Resource::clone(&self.0.load()), spans_of(&document)))
    }
}
