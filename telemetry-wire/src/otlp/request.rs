//! From spans to what a collector is sent.

use prost::Message as _;

use super::message::{ExportTraceServiceRequest, InstrumentationScope, Resource, ResourceSpans, ScopeSpans, Span};

/// A request of one resource.
#[must_use]
pub fn request(resource: Resource, spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope =
        InstrumentationScope { name: "xray-sdk".into(), version: env!("CARGO_PKG_VERSION").into(), ..InstrumentationScope::default() };
    let scope_spans = vec![ScopeSpans { scope: Some(scope), spans, schema_url: String::new() }];
    ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { resource: Some(resource), scope_spans, schema_url: String::new() }] }
}

/// Cuts a request into such of at most `bytes`, if no span is larger alone.
#[must_use]
pub fn cut(request: ExportTraceServiceRequest, bytes: usize) -> Vec<ExportTraceServiceRequest> {
    let (mut pieces, mut waiting) = (Vec::new(), vec![request]);
    while let Some(mut piece) = waiting.pop() {
        let half = if piece.encoded_len() > bytes { half_of(&mut piece) } else { None };
        match half {
            Some(half) => waiting.extend([half, piece]),
            None => pieces.push(piece),
        }
    }
    pieces
}

/// Takes half of the resources, else of the only one's scopes, else of the only one's spans.
fn half_of(request: &mut ExportTraceServiceRequest) -> Option<ExportTraceServiceRequest> {
    fn half<T>(list: &mut Vec<T>) -> Option<Vec<T>> {
        (list.len() > 1).then(|| list.split_off(list.len() / 2))
    }
    if let Some(resource_spans) = half(&mut request.resource_spans) {
        return Some(ExportTraceServiceRequest { resource_spans });
    }
    let of_resource = request.resource_spans.first_mut()?;
    let scope_spans = half(&mut of_resource.scope_spans).or_else(|| {
        let of_scope = of_resource.scope_spans.first_mut()?;
        let spans = half(&mut of_scope.spans)?;
        Some(vec![ScopeSpans { scope: of_scope.scope.clone(), spans, schema_url: of_scope.schema_url.clone() }])
    })?;
    let resource = ResourceSpans { resource: of_resource.resource.clone(), scope_spans, schema_url: of_resource.schema_url.clone() };
    Some(ExportTraceServiceRequest { resource_spans: vec![resource] })
}
