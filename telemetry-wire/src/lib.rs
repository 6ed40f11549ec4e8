//! The documents that cross a process boundary: trace and segment ids, the trace header, segment documents, the UDP
//! datagram, sampling documents and StatsD lines.
//!
//! No I/O, no clock, no randomness, no async: everything here is a pure function of its input, so the SDK, the agent and
//! the console agree on every byte. Limits carry their source; X-Ray's are from "AWS X-Ray segment documents" in the
//! X-Ray developer guide unless a line says otherwise.
//!
//! * writing: [`Encoder`] turns a borrowed [`Entity`] view into JSON bytes, [`Datagram`] frames them;
//! * hiding: [`sanitize_sql`] and [`redact_urls`] take values and credentials out of texts;
//! * reading: [`Document`] is the owned tree that readers use, [`check_document`] says which rule a document breaks.

mod bytes;

mod time;

mod id;

mod header;

mod document;

mod datagram;

pub mod sampling;

pub mod statsd;

mod redact;

mod sql_lexer;

mod sql_text;

#[cfg(feature = "otlp")]
pub mod otlp;

mod check;

pub use bytes::write_json_string;
pub use check::{Violation, check_document, check_text};
pub use datagram::{
    DATAGRAM_HEADER, Datagram, DatagramError, SPANS_SAMPLED, SPANS_UNSAMPLED, UDP_PAYLOAD_LIMIT, document_of, is_document, scan_trace_id,
};
pub use document::{
    Annotation, AnnotationFixes, AnnotationValue, Aws, Beanstalk, Cause, CauseDetail, Details, Document, DocumentKind, Ec2, Ecs, Eks,
    Encoder, Entity, Exception, Flags, Http, HttpRequest, HttpResponse, Link, LogGroup, Placement, SegmentInfo, Service, Sql, StackFrame,
    XrayInfo, cut_to_fit, limits,
};
pub use header::{SamplingState, TraceHeader, TraceHeaderText, Traceparent};
pub use id::{IdError, SegmentId, TraceId};
pub use redact::{redact_attribute, redact_connection_string, redact_urls};
pub use sql_lexer::SqlDialect;
pub use sql_text::{changes_rows, sanitize_sql};
pub use time::Timestamp;
