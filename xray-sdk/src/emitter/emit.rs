//! [`Emitter`]: the last step.

/// Sends one datagram. Must not block; what cannot be sent is lost and counted.
pub trait Emitter: Send + Sync {
    /// Sends the framed document.
    ///
    /// # Errors
    /// When it, or one sent before it, was not handed over. Each error counts as one lost datagram, and the first is logged.
    fn emit(&self, datagram: &[u8]) -> std::io::Result<()>;
}
