//! [`Unprocessed`]: what PutTraceSegments does not take.

/// A refused document.
#[derive(Clone, Debug)]
pub(crate) struct Unprocessed {
    pub(crate) id: Option<String>,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Unprocessed {
    /// In the service's words.
    pub(super) fn new(code: &'static str, id: Option<String>, why: &str) -> Self {
        Self { id, code, message: format!("Invalid segment. ErrorCode: {code}: {why}") }
    }
}
