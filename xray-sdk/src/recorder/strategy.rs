//! [`ContextMissing`].

/// The strategy for subsegments and annotations outside any segment; `AWS_XRAY_CONTEXT_MISSING` beats the code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContextMissing {
    /// Log an error the first time, count every time. `LOG_ERROR`, the default.
    #[default]
    LogError,
    /// Panic: for tests that want to find code outside segments. `RUNTIME_ERROR`.
    RuntimeError,
    /// Count only. `IGNORE_ERROR`.
    IgnoreError,
}

impl ContextMissing {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_uppercase().as_str() {
            "LOG_ERROR" => Some(Self::LogError),
            "RUNTIME_ERROR" => Some(Self::RuntimeError),
            "IGNORE_ERROR" => Some(Self::IgnoreError),
            _ => None,
        }
    }
}
