//! [`UdpEmitter`]: the socket to the agent.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::address::DaemonAddress;
use super::emit::Emitter;

/// Sends to the agent over a connected, non-blocking UDP socket. A full socket buffer loses the datagram.
#[derive(Debug)]
pub struct UdpEmitter {
    socket: UdpSocket,
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
        Ok(Self { socket })
    }
}

impl Emitter for UdpEmitter {
    /// A connected socket reports a refusal on the send *after* the refused one, and that send goes nowhere. So it is sent again at
    /// once, which keeps the first datagram after the agent's start, and the error stands for the one before.
    fn emit(&self, datagram: &[u8]) -> io::Result<()> {
        let send = || self.socket.send(datagram).map(drop);
        match send() {
            Err(refused) if refused.kind() == ErrorKind::ConnectionRefused => send().and(Err(refused)),
            Err(error) if error.kind() == ErrorKind::Interrupted => send(),
            result => result,
        }
    }
}
