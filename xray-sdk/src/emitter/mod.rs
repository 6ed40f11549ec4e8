//! From fragments to datagrams: a bounded queue, one worker, the fit to the datagram limit, the socket.
//!
//! By default a closed fragment is pushed to a lock-free queue (0.14 µs) and one thread encodes and sends it. Inline, in
//! Lambda, in tests and on request, `close` does all of it, so that nothing is left when the process freezes.
//!
//! Next: the datagram goes to the agent, `metrics-agent/src/intake`.

mod address;

mod counters;

mod emit;

mod forest;

mod fit;

mod encode;

mod queue;

mod held;

mod lossless;

#[cfg(feature = "otlp")]
mod otlp;

mod udp;

mod worker;

pub use address::{AddressError, DaemonAddress};
pub(crate) use counters::CounterCells;
pub use counters::Counters;
pub use emit::Emitter;
pub(crate) use encode::{FragmentEncoder, SizeLimits};
pub use lossless::LosslessEmitter;
#[cfg(feature = "otlp")]
pub use otlp::{OtlpEmitter, OtlpEndpoint, OtlpEndpointError, OtlpUdpEmitter};
pub(crate) use queue::FragmentQueue;
pub use udp::UdpEmitter;
pub(crate) use worker::Worker;
