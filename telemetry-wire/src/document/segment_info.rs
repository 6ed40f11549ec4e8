//! Blocks that only segments carry.

use serde::Deserialize;

use crate::document::aws::Aws;
use crate::document::object::Object;
use crate::id::{SegmentId, TraceId};

/// What is the same for every segment of a process: who reports, and where it runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SegmentInfo {
    /// The application.
    pub service: Option<Service>,
    /// `AWS::EC2::Instance`, `AWS::ECS::Container`, ...
    pub origin: Option<String>,
    /// The ARN of the resource that the application runs on.
    pub resource_arn: Option<String>,
    /// Where it runs, in detail. An entity's own `aws` block is merged over it.
    pub aws: Option<Aws>,
}

/// The application that reports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Service {
    /// Its version.
    pub version: Option<String>,
    /// The language: `rustc`.
    pub runtime: Option<String>,
    /// The compiler's version.
    pub runtime_version: Option<String>,
}

/// A reference to an entity of another trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Link {
    /// The other trace.
    pub trace_id: TraceId,
    /// The segment or subsegment in it.
    pub id: SegmentId,
}

impl Service {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut service = Object::begin(out);
        service
            .some_text("version", self.version.as_deref())
            .some_text("runtime", self.runtime.as_deref())
            .some_text("runtime_version", self.runtime_version.as_deref());
        service.end();
    }
}

impl Link {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut link = Object::begin(out);
        link.text("trace_id", &self.trace_id.to_string()).text("id", &self.id.to_string());
        link.end();
    }
}
