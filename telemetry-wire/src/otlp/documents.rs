//! From spans to segment documents: each root heads one, its children nest in it as far as they fit.

use super::codes::{segment_id, trace_id};
use super::entity::{Mapped, map};
use super::mapping::DocumentMapping;
use super::message::{ExportTraceServiceRequest, ResourceSpans, Span};
use super::plan::{Plan, has_parent, opens_segment};
use super::process::Process;
use crate::document::{Encoder, Entity, Placement, SegmentInfo, cut_to_fit};
use crate::id::{SegmentId, TraceId};
use crate::time::Timestamp;

/// What became of spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    /// Those that can be sent.
    pub documents: Vec<SpanDocument>,
    /// Spans without a valid id of their own or their trace, or with an invalid one of their parent.
    pub invalid: u64,
    /// Spans that are too large even alone. Their children are sent.
    pub too_large: u64,
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanDocument {
    /// JSON.
    pub text: String,
    /// The spans in it.
    pub spans: u64,
}

impl DocumentMapping {
    /// Maps all spans. What is wrong with one costs that one.
    #[must_use]
    pub fn documents_of(&self, request: &ExportTraceServiceRequest) -> Documents {
        let mut all = Documents::default();
        for resource in &request.resource_spans {
            self.add_resource(resource, &mut all);
        }
        all
    }

    fn add_resource(&self, resource: &ResourceSpans, all: &mut Documents) {
        let spans = resource.scope_spans.iter().flat_map(|scope| &scope.spans);
        let (spans, invalid): (Vec<&Span>, Vec<&Span>) = spans.partition(|span| is_valid(span));
        all.invalid += invalid.len() as u64;
        let segments = spans.iter().filter(|span| opens_segment(span)).count();
        let process = Process::of(resource.resource.as_ref()).repeat(segments);
        let mut mapped: Vec<Mapped> = spans.iter().map(|span| map(span, opens_segment(span), &process, self)).collect();
        let limit = self.document_bytes.saturating_sub(process.head_bytes());
        let pieces = Pieces::of(&spans, &mut mapped, limit);
        let mut plan = Plan::of(&spans);
        plan.fit(&pieces.sizes(), limit);
        let writer = Writer { spans: &spans, mapped: &mapped, plan: &plan, info: &process.info, pieces: &pieces };
        for &head in &plan.heads {
            let document = writer.write(head);
            if document.text.len() <= self.document_bytes {
                all.documents.push(document);
            } else {
                all.too_large += 1;
            }
        }
    }
}

fn is_valid(span: &Span) -> bool {
    let has_ids = trace_id(&span.trace_id).is_some() && segment_id(&span.span_id).is_some();
    has_ids && (!has_parent(span) || segment_id(&span.parent_span_id).is_some())
}

fn entity<'a>(span: &Span, mapped: &'a Mapped) -> Entity<'a> {
    let time = |nanoseconds: u64| Timestamp::from_micros(nanoseconds / 1_000);
    Entity {
        name: &mapped.name,
        id: segment_id(&span.span_id).unwrap_or(SegmentId::from_u64(0)),
        start: time(span.start_time_unix_nano),
        end: Some(time(span.end_time_unix_nano)),
        flags: mapped.flags,
        details: Some(&mapped.details),
    }
}

/// Cuts what a span carries until it fits the room without children.
fn cut_alone(span: &Span, mapped: &mut Mapped, room: usize) {
    let mut details = std::mem::take(&mut mapped.details);
    cut_to_fit(&mut details, room, |details| {
        let mut text = Vec::new();
        Encoder::new(&mut text).open(&Entity { details: Some(details), ..entity(span, mapped) }, Placement::Nested);
        text.len()
    });
    mapped.details = details;
}

/// Each span as a nested subsegment up to where its children go: written once, for its size, and again nowhere.
struct Pieces {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Pieces {
    /// What the children of an entity, and what follows it, add to it.
    const AROUND: usize = b",\"subsegments\":[]},".len();

    /// Encodes each span, and cuts one that exceeds the limit by itself.
    fn of(spans: &[&Span], mapped: &mut [Mapped], limit: usize) -> Self {
        let mut pieces = Self { text: Vec::new(), ends: Vec::new() };
        for (span, mapped) in spans.iter().zip(mapped) {
            let start = pieces.text.len();
            Encoder::new(&mut pieces.text).open(&entity(span, mapped), Placement::Nested);
            if pieces.text.len() - start + Self::AROUND > limit {
                pieces.text.truncate(start);
                cut_alone(span, mapped, limit.saturating_sub(Self::AROUND));
                Encoder::new(&mut pieces.text).open(&entity(span, mapped), Placement::Nested);
            }
            pieces.ends.push(pieces.text.len());
        }
        pieces
    }

    fn start(&self, place: usize) -> usize {
        place.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0)
    }

    fn sizes(&self) -> Vec<usize> {
        (0..self.ends.len()).map(|place| self.ends[place] - self.start(place) + Self::AROUND).collect()
    }

    fn piece(&self, place: usize) -> &[u8] {
        &self.text[self.start(place)..self.ends[place]]
    }
}

/// Writes documents of one process.
struct Writer<'a> {
    spans: &'a [&'a Span],
    mapped: &'a [Mapped],
    plan: &'a Plan,
    info: &'a SegmentInfo,
    pieces: &'a Pieces,
}

enum Step {
    Open { place: usize, is_first: bool },
    Close { had_children: bool },
}

impl Writer<'_> {
    /// The document that `head` heads, with everything below.
    fn write(&self, head: usize) -> SpanDocument {
        let (mut text, mut spans) = (Vec::new(), 1);
        Encoder::new(&mut text).open(&entity(self.spans[head], &self.mapped[head]), self.placement(self.spans[head]));
        let mut walk = Vec::new();
        self.descend(&mut text, &mut walk, head);
        while let Some(step) = walk.pop() {
            match step {
                Step::Open { place, is_first } => {
                    text.extend_from_slice(if is_first { b"" } else { b"," });
                    text.extend_from_slice(self.pieces.piece(place));
                    spans += 1;
                    self.descend(&mut text, &mut walk, place);
                }
                Step::Close { had_children } => text.extend_from_slice(if had_children { b"]}" } else { b"}" }),
            }
        }
        SpanDocument { text: String::from_utf8(text).unwrap_or_default(), spans }
    }

    /// Plans the children of an open entity, and its end.
    fn descend(&self, text: &mut Vec<u8>, walk: &mut Vec<Step>, place: usize) {
        let children = self.plan.children[place].as_slice();
        if !children.is_empty() {
            text.extend_from_slice(b",\"subsegments\":[");
        }
        walk.push(Step::Close { had_children: !children.is_empty() });
        walk.extend(children.iter().enumerate().rev().map(|(at, &place)| Step::Open { place, is_first: at == 0 }));
    }

    fn placement(&self, span: &Span) -> Placement<'_> {
        let trace_id = trace_id(&span.trace_id).unwrap_or(TraceId::from_u128(0));
        match segment_id(&span.parent_span_id) {
            Some(parent_id) if !opens_segment(span) => Placement::Independent { trace_id, parent_id },
            parent_id => Placement::Segment { trace_id, parent_id, info: Some(self.info) },
        }
    }
}
