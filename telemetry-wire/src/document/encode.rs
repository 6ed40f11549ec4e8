//! [`Encoder`]: from a borrowed view of an entity to JSON bytes in a reused buffer.
//!
//! The caller walks its tree and calls [`Encoder::open`] and [`Encoder::close`] depth first; nothing is copied but into the
//! buffer. Limits are enforced here, after the request, and [`Encoder::fixes`] says how often.

use crate::bytes::{hex_of_u64, write_json_string};
use crate::document::aws::Aws;
use crate::document::details::Details;
use crate::document::limits;
use crate::document::object::Object;
use crate::document::segment_info::SegmentInfo;
use crate::id::{SegmentId, TraceId};
use crate::time::Timestamp;

/// Borrows what every segment and subsegment has.
#[derive(Clone, Copy, Debug)]
pub struct Entity<'a> {
    /// Cut to what [`limits::name`] allows.
    pub name: &'a str,
    /// Unique within the trace.
    pub id: SegmentId,
    /// When it began.
    pub start: Timestamp,
    /// When it ended; `None` writes `in_progress`.
    pub end: Option<Timestamp>,
    /// Error, fault, throttle.
    pub flags: Flags,
    /// All else.
    pub details: Option<&'a Details>,
}

/// How an entity ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The caller's fault, 4xx.
    pub error: bool,
    /// Ours, 5xx, a panic.
    pub fault: bool,
    /// Too many requests, 429.
    pub throttle: bool,
}

impl Flags {
    /// 4xx is an error, 429 a throttle too, 5xx a fault.
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        Self { error: status >= 400 && status < 500, fault: status >= 500 && status < 600, throttle: status == 429 }
    }

    /// Whether any is set.
    #[must_use]
    pub const fn any(self) -> bool {
        self.error || self.fault || self.throttle
    }

    /// What is set in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self { error: self.error || other.error, fault: self.fault || other.fault, throttle: self.throttle || other.throttle }
    }
}

/// Where an entity stands.
#[derive(Clone, Copy, Debug)]
pub enum Placement<'a> {
    /// A segment, a document of its own.
    Segment {
        /// Its trace.
        trace_id: TraceId,
        /// The calling subsegment in another service.
        parent_id: Option<SegmentId>,
        /// What all segments of the process share.
        info: Option<&'a SegmentInfo>,
    },
    /// A subsegment that is sent on its own.
    Independent {
        /// Its trace.
        trace_id: TraceId,
        /// The segment or subsegment it belongs to.
        parent_id: SegmentId,
    },
    /// A subsegment inside the entity opened last.
    Nested,
}

/// Writes documents into a buffer that is reused from one to the next.
#[derive(Debug)]
pub struct Encoder<'b> {
    out: &'b mut Vec<u8>,
    seconds: u64,
    seconds_text: [u8; 20],
    seconds_len: usize,
    fixes: u32,
}

impl<'b> Encoder<'b> {
    /// Appends to `out`.
    pub fn new(out: &'b mut Vec<u8>) -> Self {
        Self { out, seconds: u64::MAX, seconds_text: [0; 20], seconds_len: 0, fixes: 0 }
    }

    /// Writes an entity up to where its children or its closing brace go.
    pub fn open(&mut self, entity: &Entity<'_>, placement: Placement<'_>) {
        self.write_name(entity.name);
        self.out.extend_from_slice(b",\"id\":\"");
        self.out.extend_from_slice(&hex_of_u64(entity.id.as_u64()));
        self.out.extend_from_slice(b"\",\"start_time\":");
        self.write_time(entity.start);
        match entity.end {
            Some(end) => {
                self.out.extend_from_slice(b",\"end_time\":");
                self.write_time(end.max(entity.start));
            }
            None => self.out.extend_from_slice(b",\"in_progress\":true"),
        }
        if entity.flags.any() {
            let mut object = Object::resume(self.out);
            object.flag("error", entity.flags.error).flag("throttle", entity.flags.throttle).flag("fault", entity.flags.fault);
        }
        self.write_placement(placement);
        if let Some(details) = entity.details {
            details.write(&mut Object::resume(self.out));
        }
        self.write_aws(entity.details.and_then(|details| details.aws.as_deref()), placement);
    }

    /// Writes what goes before the first child.
    pub fn begin_children(&mut self) {
        self.out.extend_from_slice(b",\"subsegments\":[");
    }

    /// Writes what goes between two children.
    pub fn next_child(&mut self) {
        self.out.push(b',');
    }

    /// Writes what goes after the last child.
    pub fn end_children(&mut self) {
        self.out.push(b']');
    }

    /// Ends the entity opened last.
    pub fn close(&mut self) {
        self.out.push(b'}');
    }

    /// Bytes in the buffer.
    #[must_use]
    pub fn position(&self) -> usize {
        self.out.len()
    }

    /// How many names had to be changed.
    #[must_use]
    pub const fn fixes(&self) -> u32 {
        self.fixes
    }

    fn write_name(&mut self, name: &str) {
        self.out.extend_from_slice(b"{\"name\":");
        let fitting = limits::name(name);
        self.fixes += u32::from(*fitting != *name);
        write_json_string(self.out, &fitting);
    }

    fn write_placement(&mut self, placement: Placement<'_>) {
        match placement {
            Placement::Nested => {}
            Placement::Segment { trace_id, parent_id, info } => {
                self.write_trace_id(trace_id);
                if let Some(parent_id) = parent_id {
                    self.write_parent_id(parent_id);
                }
                if let Some(info) = info {
                    self.write_info(info);
                }
            }
            Placement::Independent { trace_id, parent_id } => {
                self.out.extend_from_slice(b",\"type\":\"subsegment\"");
                self.write_trace_id(trace_id);
                self.write_parent_id(parent_id);
            }
        }
    }

    fn write_trace_id(&mut self, trace_id: TraceId) {
        self.out.extend_from_slice(b",\"trace_id\":\"");
        self.out.extend_from_slice(&trace_id.to_bytes());
        self.out.push(b'"');
    }

    fn write_parent_id(&mut self, parent_id: SegmentId) {
        self.out.extend_from_slice(b",\"parent_id\":\"");
        self.out.extend_from_slice(&parent_id.to_bytes());
        self.out.push(b'"');
    }

    fn write_info(&mut self, info: &SegmentInfo) {
        let mut object = Object::resume(self.out);
        object.some_text("origin", info.origin.as_deref()).some_text("resource_arn", info.resource_arn.as_deref());
        if let Some(service) = &info.service {
            service.write(object.key("service"));
        }
    }

    /// A segment's block is the process's, with the segment's own X-Ray facts over it.
    fn write_aws(&mut self, own: Option<&Aws>, placement: Placement<'_>) {
        let shared = match placement {
            Placement::Segment { info: Some(info), .. } => info.aws.as_ref(),
            _ => None,
        };
        let mut object = Object::resume(self.out);
        match (own, shared) {
            (None, None) => {}
            (Some(aws), None) | (None, Some(aws)) => aws.write(object.key("aws")),
            (Some(own), Some(shared)) => own.over(shared).write(object.key("aws")),
        }
    }

    /// Writes epoch seconds with six decimals; neighbours in a document share their seconds, so those are kept as text.
    fn write_time(&mut self, time: Timestamp) {
        if time.seconds() != self.seconds {
            let mut buffer = itoa::Buffer::new();
            let text = buffer.format(time.seconds()).as_bytes();
            self.seconds_text[..text.len()].copy_from_slice(text);
            self.seconds_len = text.len();
            self.seconds = time.seconds();
        }
        let micros = time.subsecond_micros();
        let digit = |divisor: u32| b'0' + (micros / divisor % 10) as u8;
        self.out.extend_from_slice(&self.seconds_text[..self.seconds_len]);
        self.out.extend_from_slice(&[b'.', digit(100_000), digit(10_000), digit(1_000), digit(100), digit(10), digit(1)]);
    }
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
