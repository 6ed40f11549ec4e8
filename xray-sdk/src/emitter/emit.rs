//! [`Emitter`]: the last step.

/// Sends one datagram at a time.
///
/// An emitter must not block, unless [`Self::may_block`] says that it does. A datagram that it refuses is lost and counted.
pub trait Emitter: Send + Sync {
    /// Sends the framed document.
    ///
    /// # Errors
    /// When it, or one sent before it, was not handed over. Each error counts as one lost datagram, and the first is logged.
    fn emit(&self, datagram: &[u8]) -> std::io::Result<()>;

    /// Returns whether [`Self::emit`] may wait for the receiver. If so, threads that end segments wait while the SDK's queue is full, and nothing is
    /// dropped. Default `false`: segments that find the queue full are dropped and counted.
    fn may_block(&self) -> bool {
        false
    }

    /// Ends waits of [`Self::emit`] at `deadline`, those in progress included. Called when the SDK is flushed or stopped, so that neither takes
    /// longer than promised. Default: nothing, for emitters that do not wait.
    fn wait_until(&self, deadline: std::time::Instant) {
        let _ = deadline;
    }

    /// Datagrams that the receiver has taken since the start. Default `None`: each that was emitted without an error counts as sent.
    fn taken(&self) -> Option<u64> {
        None
    }

    /// Documents that are kept and not sent yet. Default 0.
    fn left(&self) -> usize {
        0
    }

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
