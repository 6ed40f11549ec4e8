//! [`XrayPropagator`].

use std::sync::OnceLock;

use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt as _, TraceState};
use opentelemetry::{Context, SpanId, TraceFlags, TraceId};
use telemetry_wire::{SamplingState, SegmentId, TraceHeader};

use crate::incoming::{Incoming, stand_in_parent};

const HEADER: &str = "x-amzn-trace-id";

/// Reads and writes `X-Amzn-Trace-Id`.
#[derive(Clone, Copy, Debug, Default)]
pub struct XrayPropagator;

impl TextMapPropagator for XrayPropagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        let span = context.span();
        let current = span.span_context();
        if !current.is_valid() {
            return;
        }
        let root = telemetry_wire::TraceId::from_u128(u128::from_be_bytes(current.trace_id().to_bytes()));
        let parent = SegmentId::from_u64(u64::from_be_bytes(current.span_id().to_bytes()));
        // A remote context goes on as it came: no span of ours is between.
        let is_passed_on = current.is_remote();
        let has_parent = !(is_passed_on && current.span_id() == stand_in_parent(current.trace_id()));
        let incoming = context.get::<Incoming>().filter(|incoming| incoming.trace == current.trace_id());
        let sampling = match incoming {
            Some(incoming) if is_passed_on && incoming.is_undecided => SamplingState::Unknown,
            _ if current.is_sampled() => SamplingState::Sampled,
            _ => SamplingState::NotSampled,
        };
        let header = TraceHeader::new(root, has_parent.then_some(parent), sampling);
        let mut text = String::new();
        header.with_extras_of(incoming.map_or("", |incoming| &incoming.text)).text().write(&mut text);
        injector.set(HEADER, text);
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        let header = extractor.get(HEADER).map(TraceHeader::parse).unwrap_or_default();
        let Some(root) = header.root else { return context.clone() };
        let trace = TraceId::from(root.as_u128());
        let span = header.parent.map_or_else(|| stand_in_parent(trace), |parent| SpanId::from(parent.as_u64()));
        let flags = TraceFlags::default().with_sampled(header.sampling == SamplingState::Sampled);
        let is_undecided = matches!(header.sampling, SamplingState::Requested | SamplingState::Unknown);
        let text = if header.has_extras() { extractor.get(HEADER).unwrap_or_default().to_owned() } else { String::new() };
        let remote = SpanContext::new(trace, span, flags, true, TraceState::NONE);
        context.with_value(Incoming { trace, is_undecided, text }).with_remote_span_context(remote)
    }

    fn fields(&self) -> FieldIter<'_> {
        static FIELDS: OnceLock<[String; 1]> = OnceLock::new();
        FieldIter::new(FIELDS.get_or_init(|| [HEADER.to_owned()]))
    }
}
