//! Segment and subsegment documents, one block per file.
//!
//! Writers go through [`Encoder`], which enforces the limits in [`limits`]; readers get the owned [`Document`].
//!
//! Next: [`crate::Datagram`] frames the bytes for UDP.

mod annotation;
mod aws;
mod cause;
mod cut;
mod details;
mod encode;
mod http;
pub mod limits;
mod object;
mod segment_info;
mod sql;
mod tree;

pub use annotation::{Annotation, AnnotationFixes, AnnotationValue};
pub use aws::{Aws, Beanstalk, Ec2, Ecs, Eks, LogGroup, XrayInfo};
pub use cause::{Cause, CauseDetail, Exception, StackFrame};
pub use cut::cut_to_fit;
pub use details::Details;
pub use encode::{Encoder, Entity, Flags, Placement};
pub use http::{Http, HttpRequest, HttpResponse};
pub use segment_info::{Link, SegmentInfo, Service};
pub use sql::Sql;
pub use tree::{Document, DocumentKind};
