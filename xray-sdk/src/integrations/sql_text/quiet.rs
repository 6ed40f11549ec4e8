//! [`Quiet`]: while a statement has a subsegment already, sqlx's own event about it is not made into another.

/// A scope in which the `tracing` layer leaves sqlx's events alone. Without that layer it is nothing. A span, because SQLite's driver
/// works on a thread of its own and takes the current span there, no thread-local.
#[derive(Debug)]
pub(crate) struct Quiet {
    #[cfg(feature = "tracing")]
    span: tracing::Span,
}

impl Quiet {
    /// The scope of a statement.
    pub(crate) fn new(is_recording: bool) -> Self {
        #[cfg(feature = "tracing")]
        return Self {
            span: if is_recording { tracing::error_span!(target: super::QUIET_TARGET, "statement") } else { tracing::Span::none() },
        };
        #[cfg(not(feature = "tracing"))]
        return {
            let _ = is_recording;
            Self {}
        };
    }

    /// Runs `work` in it.
    pub(crate) fn in_scope<R>(&self, work: impl FnOnce() -> R) -> R {
        #[cfg(feature = "tracing")]
        let _entered = self.span.enter();
        work()
    }
}
