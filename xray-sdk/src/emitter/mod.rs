//! From fragments to datagrams: a bounded queue, one worker, the fit to the datagram limit, the socket.
//!
//! By default a closed fragment is pushed to a lock-free queue (0.14 µs) and one thread encodes and sends it. Inline, in
//! Lambda, in tests and on request, `close` does all of it, so that nothing is left when the process freezes.
//!
//! Next: the datagram goes to the agent, `metrics-agent/src/intake`.

mod address;
mod counters;
mod cut;
mod encode;
mod fit;
mod forest;
mod queue;
mod udp;
mod worker;

pub use address::{AddressError, DaemonAddress};
pub(crate) use counters::CounterCells;
pub use counters::Counters;
pub(crate) use encode::FragmentEncoder;
pub(crate) use queue::FragmentQueue;
pub use udp::UdpEmitter;
pub(crate) use worker::Worker;

/// Sends one datagram. Must not block; what cannot be sent is lost and counted.
pub trait Emitter: Send + Sync {
    /// Sends the framed document.
    ///
    /// # Errors
    /// When it was not handed to the system. The error is counted, and reported once.
    fn emit(&self, datagram: &[u8]) -> std::io::Result<()>;
}
