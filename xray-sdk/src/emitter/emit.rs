//! [`Emitter`]: the last step.

/// Sends one datagram. Must not block; what cannot be sent is lost and counted.
pub trait Emitter: Send + Sync {
    /// Sends the framed document.
    ///
    /// # Errors
    /// When it, or one sent before it, was not handed over. Each error counts as one lost datagram, and the first is logged.
    fn emit(&self, datagram: &[u8]) -> std::io::Result<()>;

    /// Whether a document of up to 64 kB is taken also when it exceeds the datagram limit and cannot be split. Default: no; such a one is
    /// lost and counted.
    fn takes_large(&self) -> bool {
        false
    }

    /// Bytes that a datagram for this emitter may have at most. Default: as many as [`Builder::datagram_limit`](crate::Builder::datagram_limit) says.
    fn datagram_limit(&self) -> usize {
        usize::MAX
    }

    /// Waits until what was emitted has left, for at most `within`. Returns whether it has. Default: there is nothing to wait for.
    fn flush(&self, within: std::time::Duration) -> bool {
        let _ = within;
        true
    }
}
