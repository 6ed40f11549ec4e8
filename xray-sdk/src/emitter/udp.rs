//! [`UdpEmitter`]: the socket to the agent.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::OnceLock;
use std::time::Duration;

use telemetry_wire::UDP_PAYLOAD_LIMIT;

use super::address::DaemonAddress;
use super::emit::Emitter;
use super::lossless::LosslessEmitter;

/// Sends to the agent over a connected, non-blocking UDP socket. A full socket buffer loses the datagram. What no datagram can hold goes
/// to the agent's TCP port.
#[derive(Debug)]
pub struct UdpEmitter {
    socket: UdpSocket,
    tcp: String,
    limit: usize,
    large: OnceLock<Option<LosslessEmitter>>,
}

impl UdpEmitter {
    /// Looks the address up and connects; nothing is sent yet, and nobody need be listening.
    ///
    /// # Errors
    /// When the name cannot be looked up or the system gives no socket.
    pub fn connect(address: &DaemonAddress) -> io::Result<Self> {
        let agent = address.resolve_udp()?;
        let any: SocketAddr = match agent {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any)?;
        socket.connect(agent)?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, tcp: address.tcp.clone(), limit: UDP_PAYLOAD_LIMIT, large: OnceLock::new() })
    }

    /// Bytes of the largest datagram, header line included. Default 65,507.
    #[must_use]
    pub const fn datagram_limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    #[cold]
    fn emit_large(&self, datagram: &[u8]) -> io::Result<()> {
        let large = self.large.get_or_init(|| LosslessEmitter::tcp(self.tcp.clone()).ok());
        large.as_ref().map_or_else(|| Err(io::Error::other("no thread for large documents")), |large| large.emit(datagram))
    }
}

impl Emitter for UdpEmitter {
    /// A connected socket reports a refusal on the send *after* the refused one, and that send goes nowhere. So it is sent again at
    /// once, which keeps the first datagram after the agent's start, and the error stands for the one before.
    fn emit(&self, datagram: &[u8]) -> io::Result<()> {
        if datagram.len() > self.limit {
            return self.emit_large(datagram);
        }
        let send = || self.socket.send(datagram).map(drop);
        match send() {
            Err(refused) if refused.kind() == ErrorKind::ConnectionRefused => send().and(Err(refused)),
            Err(error) if error.kind() == ErrorKind::Interrupted => send(),
            result => result,
        }
    }

    fn takes_large(&self) -> bool {
        true
    }

    fn flush(&self, within: Duration) -> bool {
        self.large.get().and_then(Option::as_ref).is_none_or(|large| large.flush(within))
    }
}
