//! `AWS_XRAY_DAEMON_ADDRESS` in all its forms.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};

/// Where the agent listens: UDP for documents, TCP for sampling. Default `127.0.0.1:2000` for both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonAddress {
    /// `host:port` for documents.
    pub udp: String,
    /// `host:port` for sampling rules.
    pub tcp: String,
}

/// An address that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressError {
    text: String,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "daemon address `{}` is neither host:port nor `tcp:host:port udp:host:port`", self.text)
    }
}

impl std::error::Error for AddressError {}

impl Default for DaemonAddress {
    fn default() -> Self {
        Self { udp: "127.0.0.1:2000".into(), tcp: "127.0.0.1:2000".into() }
    }
}

impl DaemonAddress {
    /// Reads `host:port`, or `tcp:host:port udp:host:port` in either order. Hosts are names, IPv4 addresses, or IPv6
    /// addresses in brackets.
    ///
    /// # Errors
    /// When the text is none of these.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let error = || AddressError { text: text.into() };
        let mut parts = text.split([' ', ',']).filter(|part| !part.is_empty());
        let (first, second, rest) = (parts.next().ok_or_else(error)?, parts.next(), parts.next());
        let address = match (first, second, rest) {
            (single, None, None) => host_and_port(single).map(|address| Self { udp: address.into(), tcp: address.into() }),
            (first, Some(second), None) => pair(first, second).or_else(|| pair(second, first)),
            _ => None,
        };
        address.ok_or_else(error)
    }

    /// Returns whether the host for documents is a name, which may resolve to another address later.
    pub(crate) fn is_name(&self) -> bool {
        self.udp.parse::<SocketAddr>().is_err()
    }

    /// Looks the UDP address up. IPv4 wins, because daemons listen there by default and `localhost` often names IPv6 first.
    pub(crate) fn resolve_udp(&self) -> std::io::Result<SocketAddr> {
        let no_address = || std::io::Error::new(std::io::ErrorKind::NotFound, "the host name has no address");
        let addresses: Vec<SocketAddr> = self.udp.to_socket_addrs()?.collect();
        let first_of = |wanted: fn(&&SocketAddr) -> bool| addresses.iter().find(wanted).copied();
        first_of(|address| address.is_ipv4()).or_else(|| first_of(|_| true)).ok_or_else(no_address)
    }
}

fn pair(tcp: &str, udp: &str) -> Option<DaemonAddress> {
    let tcp = host_and_port(tcp.strip_prefix("tcp:")?)?;
    let udp = host_and_port(udp.strip_prefix("udp:")?)?;
    Some(DaemonAddress { udp: udp.into(), tcp: tcp.into() })
}

fn host_and_port(text: &str) -> Option<&str> {
    let (host, port) = text.rsplit_once(':')?;
    let is_bracketed = host.starts_with('[') && host.ends_with(']');
    let is_host = !host.is_empty() && (is_bracketed || !host.contains(':'));
    (is_host && port.parse::<u16>().is_ok()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_form_is_read() {
        let both = |udp: &str, tcp: &str| Ok(DaemonAddress { udp: udp.into(), tcp: tcp.into() });
        assert_eq!(DaemonAddress::parse("10.0.0.1:3000"), both("10.0.0.1:3000", "10.0.0.1:3000"));
        assert_eq!(DaemonAddress::parse("xray-daemon.local:2000"), both("xray-daemon.local:2000", "xray-daemon.local:2000"));
        assert_eq!(DaemonAddress::parse("[::1]:2000"), both("[::1]:2000", "[::1]:2000"));
        assert_eq!(DaemonAddress::parse("tcp:a:1 udp:b:2"), both("b:2", "a:1"));
        assert_eq!(DaemonAddress::parse("udp:b:2, tcp:[fe80::1]:1"), both("b:2", "[fe80::1]:1"));
    }

    #[test]
    fn anything_else_names_the_text() {
        for text in ["", "localhost", "localhost:x", "tcp:a:1", "tcp:a:1 tcp:b:2", ":2000", "::1:2000", "a:1 b:2 c:3", "a:70000"] {
            assert!(DaemonAddress::parse(text).unwrap_err().to_string().contains(&format!("`{text}`")), "{text}");
        }
    }
}
