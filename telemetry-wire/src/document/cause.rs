//! The `cause` block: exceptions, linked by id.

use serde::Deserialize;

use crate::document::object::Object;
use crate::id::SegmentId;

/// Why an entity failed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Cause {
    /// An exception that is described elsewhere in the document.
    Elsewhere(SegmentId),
    /// Exceptions described here, the outermost first.
    Here(CauseDetail),
}

/// Exceptions, and where the process stood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CauseDetail {
    /// The working directory at the time.
    pub working_directory: Option<String>,
    /// Library paths.
    pub paths: Vec<String>,
    /// The exceptions.
    pub exceptions: Vec<Exception>,
}

/// One error or panic.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Exception {
    /// Its id within the trace; all zeros when the sender gave none, as the X-Ray SDK for Node does.
    #[serde(default = "no_id")]
    pub id: SegmentId,
    /// What it says.
    #[serde(default)]
    pub message: Option<String>,
    /// Its type's name.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// Whether a called service raised it.
    #[serde(default)]
    pub remote: bool,
    /// Stack frames left out.
    #[serde(default)]
    pub truncated: Option<u32>,
    /// Exceptions left out between this one and its child.
    #[serde(default)]
    pub skipped: Option<u32>,
    /// The exception that caused this one.
    #[serde(default)]
    pub cause: Option<SegmentId>,
    /// Frames, the innermost first.
    #[serde(default)]
    pub stack: Vec<StackFrame>,
}

/// One frame of a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StackFrame {
    /// The source file.
    pub path: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The function.
    pub label: Option<String>,
}

const fn no_id() -> SegmentId {
    SegmentId::from_u64(0)
}

impl Exception {
    /// An exception with an id and nothing else.
    #[must_use]
    pub const fn new(id: SegmentId) -> Self {
        Self { id, message: None, kind: None, remote: false, truncated: None, skipped: None, cause: None, stack: Vec::new() }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut exception = Object::begin(out);
        exception
            .text("id", &self.id.to_string())
            .some_text("message", self.message.as_deref())
            .some_text("type", self.kind.as_deref())
            .flag("remote", self.remote)
            .integer("truncated", self.truncated)
            .integer("skipped", self.skipped)
            .some_text("cause", self.cause.map(|id| id.to_string()).as_deref())
            .list("stack", &self.stack, |out, frame| frame.write(out));
        exception.end();
    }
}

impl StackFrame {
    fn write(&self, out: &mut Vec<u8>) {
        let mut frame = Object::begin(out);
        frame.some_text("path", self.path.as_deref()).integer("line", self.line).some_text("label", self.label.as_deref());
        frame.end();
    }
}

impl Cause {
    /// The exceptions described here.
    #[must_use]
    pub fn exceptions(&self) -> &[Exception] {
        match self {
            Self::Elsewhere(_) => &[],
            Self::Here(detail) => &detail.exceptions,
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Elsewhere(id) => crate::bytes::write_json_string(out, &id.to_string()),
            Self::Here(detail) => {
                let mut cause = Object::begin(out);
                cause.some_text("working_directory", detail.working_directory.as_deref()).texts("paths", &detail.paths).list(
                    "exceptions",
                    &detail.exceptions,
                    |out, exception| exception.write(out),
                );
                cause.end();
            }
        }
    }
}
