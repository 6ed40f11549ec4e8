//! [`Emitter`]: the last step.

/// Sends one datagram. Must not block; what cannot be sent is lost and counted.
pub trait Emitter: Send + Sync {
    /// Sends the framed document.
    ///
    /// # Errors
    /// When it was not handed to the system. The error is counted, and reported once.
    fn emit(&self, datagram: &[u8]) -> std::io::Result<()>;
}
