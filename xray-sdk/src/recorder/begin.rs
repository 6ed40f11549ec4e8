//! Begins segments: reads what the caller decided, asks the sampler when it did not, opens.
//!
//! Next: children attach in `entity`.

use std::borrow::Cow;
use std::cell::LazyCell;

use smallvec::SmallVec;
use telemetry_wire::{Aws, SamplingState, SegmentId, TraceHeader, TraceId, XrayInfo};

use super::install;
use super::sink::Recorder;
use super::watched::Watched;
use crate::clock::Anchor;
use crate::emitter::CounterCells;
use crate::entity::{Context, OpenRoot, RootKind, new_trace_id};
use crate::sampling::{SamplingDecision, SamplingRequest, Watch};

/// What is known when a segment begins.
#[derive(Debug, Default)]
pub(crate) struct SegmentRequest<'a> {
    pub(crate) name: Cow<'static, str>,
    pub(crate) header: TraceHeader<'a>,
    pub(crate) host: Option<&'a str>,
    pub(crate) method: Option<&'a str>,
    pub(crate) path: Option<&'a str>,
    /// For sampling rules, beside those of the process.
    pub(crate) attributes: &'a [(&'a str, &'a str)],
}

/// A segment, or why there is none.
pub(crate) enum Begun {
    /// Sampled.
    Recording(OpenRoot),
    /// Not sampled: the context keeps the trace for headers.
    NotSampled(Context),
    /// No recorder is installed, or it is switched off.
    Off,
}

/// Begins a segment in the caller's trace or a new one; and what the sampler wants to know of its end.
pub(crate) fn begin(request: SegmentRequest<'_>) -> (Begun, Option<Box<Watched>>) {
    let Some(recorder) = install::current() else {
        install::note_early_segment();
        return (Begun::Off, None);
    };
    if !recorder.is_enabled {
        return (Begun::Off, None);
    }
    let anchor = LazyCell::new(Anchor::now);
    let trace = request.header.root.unwrap_or_else(|| match &recorder.hooks.ids {
        Some(ids) => ids.trace_id(anchor.wall().seconds()),
        None => new_trace_id(anchor.wall(), anchor.ticks()),
    });
    // A parent without its trace is somebody else's.
    let parent = request.header.root.and(request.header.parent);
    let name = recorder.fixed_name.clone().unwrap_or(request.name);
    let decision = match request.header.sampling {
        SamplingState::Sampled => SamplingDecision::unnamed(true),
        SamplingState::NotSampled => SamplingDecision::unnamed(false),
        SamplingState::Requested | SamplingState::Unknown => {
            let info = recorder.output.info.load();
            let all: SmallVec<[(&str, &str); 4]>;
            let attributes = match (request.attributes, recorder.sampling_attributes) {
                (own, []) => own,
                ([], shared) => shared,
                (own, shared) => {
                    all = own.iter().chain(shared).copied().collect();
                    &all[..]
                }
            };
            let facts = SamplingRequest {
                service: &name,
                host: request.host,
                method: request.method,
                path: request.path,
                service_type: info.origin.as_deref(),
                resource_arn: info.resource_arn.as_deref(),
                attributes,
            };
            recorder.sampler.decide(&facts, anchor.wall().seconds())
        }
    };
    let watched =
        (decision.watch != Watch::Nothing).then(|| Box::new(Watched::new(recorder, &decision, &name, request.method, request.path)));
    let counter = if decision.is_sampled { &recorder.counters.segments_sampled } else { &recorder.counters.segments_not_sampled };
    CounterCells::add(counter, 1);
    let extras = extras_of(&request.header);
    if !decision.is_sampled && decision.watch != Watch::Everything {
        let context = Context::not_sampled(trace, parent);
        return (Begun::NotSampled(extras.map_or(context, |extras| context.with_extras(extras))), watched);
    }
    let root = open(recorder, (trace, parent), name, decision, *anchor);
    extras.into_iter().for_each(|extras| root.pass_on(extras));
    (Begun::Recording(root), watched)
}

/// Begins a subsegment below the segment that a header names: that of a Lambda function, which Lambda itself records.
#[cfg(feature = "lambda")]
pub(crate) fn begin_below(name: Cow<'static, str>, header: &TraceHeader<'_>) -> crate::entity::OpenSubsegment {
    use crate::entity::OpenSubsegment;
    let recorder = install::current().filter(|recorder| recorder.is_enabled);
    let (Some(recorder), Some(trace)) = (recorder, header.root) else { return OpenSubsegment::Noop(Context::NONE) };
    let extras = extras_of(header);
    if let (SamplingState::Sampled, Some(parent)) = (header.sampling, header.parent) {
        let open = OpenSubsegment::begin_below(recorder, trace, parent, name);
        extras.into_iter().for_each(|extras| open.pass_on(extras));
        return open;
    }
    let context = match header.sampling {
        SamplingState::NotSampled => Context::not_sampled(trace, header.parent),
        SamplingState::Sampled => Context::passed_on(trace, header.parent, true),
        SamplingState::Requested | SamplingState::Unknown => Context::passed_on(trace, header.parent, false),
    };
    OpenSubsegment::Noop(match extras {
        Some(extras) => context.with_extras(extras),
        None => context,
    })
}

fn extras_of(header: &TraceHeader<'_>) -> Option<Box<str>> {
    if !header.has_extras() {
        return None;
    }
    let extras: Vec<String> = header.extras().map(|(key, value)| format!("{key}={value}")).collect();
    (!extras.is_empty()).then(|| extras.join(";").into())
}

fn open(
    recorder: &'static Recorder,
    (trace, parent): (TraceId, Option<SegmentId>),
    name: Cow<'static, str>,
    decision: SamplingDecision,
    anchor: Anchor,
) -> OpenRoot {
    let kind = if decision.is_sampled { RootKind::Segment { parent } } else { RootKind::Tentative { parent } };
    let mut root = OpenRoot::begin(recorder, trace, kind, name, anchor);
    if let Some(rule) = decision.rule_name {
        let xray = XrayInfo { sampling_rule_name: Some(rule.to_string()), ..XrayInfo::default() };
        root.details().aws = Some(Box::new(Aws { xray: Some(xray), ..Aws::default() }));
    }
    if recorder.announces_open_segments && decision.is_sampled {
        root.announce();
    }
    root
}
