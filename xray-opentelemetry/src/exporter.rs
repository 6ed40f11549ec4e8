//! [`XrayExporter`].

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry::SpanId;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use telemetry_wire::{Datagram, Encoder, Entity, Placement, SegmentId, SegmentInfo, Timestamp, TraceId, UDP_PAYLOAD_LIMIT, limits};
use xray_sdk::{DaemonAddress, Emitter, UdpEmitter};

use crate::incoming::stand_in_parent;
use crate::plan::{Plan, opens_segment};
use crate::resource::{segment_info, service_name};
use crate::span::{Mapped, Mapping};

/// Sends spans to an agent or the X-Ray daemon. See the [crate](crate).
pub struct XrayExporter {
    emitter: Box<dyn Emitter>,
    info: SegmentInfo,
    service: Option<String>,
    indexed: HashSet<String>,
    indexes_all: bool,
    counts: Arc<Counts>,
    is_down: AtomicBool,
}

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    lost: AtomicU64,
}

/// What became of spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportCounts {
    /// Spans in documents that were handed over.
    pub sent: u64,
    /// Spans that were too large even alone, or whose document could not be handed over.
    pub lost: u64,
}

impl fmt::Debug for XrayExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("XrayExporter").field("service", &self.service).field("counts", &self.counts).finish_non_exhaustive()
    }
}

impl XrayExporter {
    /// Sends by any emitter of `xray-sdk`.
    pub fn new(emitter: impl Emitter + 'static) -> Self {
        Self {
            emitter: Box::new(emitter),
            info: SegmentInfo::default(),
            service: None,
            indexed: HashSet::new(),
            indexes_all: false,
            counts: Arc::default(),
            is_down: AtomicBool::new(false),
        }
    }

    /// Sends by UDP to `AWS_XRAY_DAEMON_ADDRESS`, else to `127.0.0.1:2000`.
    ///
    /// # Errors
    /// When the address cannot be read or looked up, or the system gives no socket.
    pub fn udp() -> io::Result<Self> {
        let address = std::env::var("AWS_XRAY_DAEMON_ADDRESS").ok().filter(|address| !address.trim().is_empty());
        let address =
            address.map_or(Ok(DaemonAddress::default()), |address| DaemonAddress::parse(address.trim())).map_err(io::Error::other)?;
        Ok(Self::new(UdpEmitter::connect(&address)?))
    }

    /// Makes annotations, which filter expressions find, of these attributes; the others are metadata. Default: none.
    #[must_use]
    pub fn index<I: IntoIterator<Item: Into<String>>>(mut self, attributes: I) -> Self {
        self.indexed.extend(attributes.into_iter().map(Into::into));
        self
    }

    /// Makes annotations of all attributes; X-Ray indexes 50 of a trace. Default: no.
    #[must_use]
    pub const fn index_all(mut self) -> Self {
        self.indexes_all = true;
        self
    }

    /// What became of spans so far; keeps up to date.
    pub fn counts(&self) -> impl Fn() -> ExportCounts + Send + Sync + 'static {
        let counts = Arc::clone(&self.counts);
        move || ExportCounts { sent: counts.sent.load(Ordering::Relaxed), lost: counts.lost.load(Ordering::Relaxed) }
    }

    /// Sends each document; what fails costs itself.
    fn send(&self, batch: &[SpanData]) -> u64 {
        let plan = Plan::of(batch);
        let mapping = Mapping { service: self.service.as_deref(), indexed: &self.indexed, indexes_all: self.indexes_all };
        let mapped: Vec<Mapped> = batch.iter().map(|span| mapping.map(span, opens_segment(span))).collect();
        let mut writer = Writer { batch, mapped: &mapped, plan: &plan, info: &self.info, datagram: Datagram::default() };
        let mut waiting: Vec<(usize, bool)> = plan.heads.iter().rev().map(|&head| (head, true)).collect();
        let mut lost = 0;
        while let Some((head, is_whole)) = waiting.pop() {
            let spans = writer.write(head, is_whole);
            let fits = writer.datagram.as_bytes().len() <= UDP_PAYLOAD_LIMIT;
            if is_whole && (!fits || spans.is_none()) {
                // Apart from its children, which then head documents of their own.
                waiting.extend(plan.children[head].iter().rev().map(|&child| (child, true)));
                waiting.push((head, false));
                continue;
            }
            let spans = spans.unwrap_or(1);
            if fits && self.emitter.emit(writer.datagram.as_bytes()).is_ok() {
                self.counts.sent.fetch_add(spans, Ordering::Relaxed);
            } else {
                lost += spans;
            }
        }
        self.counts.lost.fetch_add(lost, Ordering::Relaxed);
        lost
    }
}

/// Writes documents of one batch.
struct Writer<'a> {
    batch: &'a [SpanData],
    mapped: &'a [Mapped],
    plan: &'a Plan,
    info: &'a SegmentInfo,
    datagram: Datagram,
}

enum Step {
    Open { place: usize, depth: usize, is_first: bool },
    Close { had_children: bool },
}

impl Writer<'_> {
    /// The document that `head` heads, with everything below or alone. Gives its spans; `None` when they are too deep for one document.
    fn write(&mut self, head: usize, is_whole: bool) -> Option<u64> {
        let mut datagram = std::mem::take(&mut self.datagram);
        let mut encoder = Encoder::new(datagram.begin());
        let mut spans = 1;
        encoder.open(&self.entity(head), self.placement(head));
        let mut walk = Vec::new();
        self.descend(&mut encoder, &mut walk, (head, 1), is_whole);
        let mut is_too_deep = false;
        while let Some(step) = walk.pop() {
            match step {
                Step::Open { place, depth, is_first } => {
                    if !is_first {
                        encoder.next_child();
                    }
                    spans += 1;
                    is_too_deep |= depth >= limits::DEPTH;
                    encoder.open(&self.entity(place), Placement::Nested);
                    self.descend(&mut encoder, &mut walk, (place, depth + 1), !is_too_deep);
                }
                Step::Close { had_children } => {
                    if had_children {
                        encoder.end_children();
                    }
                    encoder.close();
                }
            }
        }
        self.datagram = datagram;
        (!is_too_deep).then_some(spans)
    }

    /// Plans the children of an open entity, or closes it.
    fn descend(&self, encoder: &mut Encoder<'_>, walk: &mut Vec<Step>, (place, depth): (usize, usize), with_children: bool) {
        let children = if with_children { self.plan.children[place].as_slice() } else { &[] };
        if children.is_empty() {
            encoder.close();
            return;
        }
        encoder.begin_children();
        walk.push(Step::Close { had_children: true });
        walk.extend(children.iter().enumerate().rev().map(|(at, &place)| Step::Open { place, depth, is_first: at == 0 }));
    }

    fn entity(&self, place: usize) -> Entity<'_> {
        let (span, mapped) = (&self.batch[place], &self.mapped[place]);
        Entity {
            name: &mapped.name,
            id: segment_id(span.span_context.span_id()),
            start: Timestamp::from_system_time(span.start_time),
            end: Some(Timestamp::from_system_time(span.end_time)),
            flags: mapped.flags,
            details: Some(&mapped.details),
        }
    }

    fn placement(&self, place: usize) -> Placement<'_> {
        let span = &self.batch[place];
        let trace = span.span_context.trace_id();
        let trace_id = TraceId::from_u128(u128::from_be_bytes(trace.to_bytes()));
        let parent = Some(span.parent_span_id).filter(|&parent| parent != SpanId::INVALID && parent != stand_in_parent(trace));
        match parent.map(segment_id) {
            Some(parent_id) if !opens_segment(span) => Placement::Independent { trace_id, parent_id },
            parent_id => Placement::Segment { trace_id, parent_id, info: Some(self.info) },
        }
    }
}

fn segment_id(id: SpanId) -> SegmentId {
    SegmentId::from_u64(u64::from_be_bytes(id.to_bytes()))
}

impl SpanExporter for XrayExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        if self.is_down.load(Ordering::Relaxed) {
            return Err(OTelSdkError::AlreadyShutdown);
        }
        let lost = self.send(&batch);
        if lost == 0 { Ok(()) } else { Err(OTelSdkError::InternalFailure(format!("{lost} of {} spans lost", batch.len()))) }
    }

    fn force_flush(&self) -> OTelSdkResult {
        const WITHIN: Duration = Duration::from_secs(5);
        if self.emitter.flush(WITHIN) { Ok(()) } else { Err(OTelSdkError::Timeout(WITHIN)) }
    }

    fn shutdown_with_timeout(&self, within: Duration) -> OTelSdkResult {
        if self.is_down.swap(true, Ordering::Relaxed) {
            return Err(OTelSdkError::AlreadyShutdown);
        }
        if self.emitter.flush(within) { Ok(()) } else { Err(OTelSdkError::Timeout(within)) }
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.info = segment_info(resource);
        self.service = service_name(resource);
    }
}
