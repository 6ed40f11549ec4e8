//! [`OtlpUdpEmitter`]: to an agent over UDP.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use telemetry_wire::otlp::{Message as _, Resource, SAMPLED, Span, request};
use telemetry_wire::{DATAGRAM_HEADER, UDP_PAYLOAD_LIMIT, document_of};

use super::mapping::Mapping;
use crate::emitter::address::DaemonAddress;
use crate::emitter::emit::Emitter;
use crate::emitter::udp::UdpEmitter;

/// Protobuf that one datagram holds: base64 makes 4 bytes of 3.
const ROOM: usize = (UDP_PAYLOAD_LIMIT - DATAGRAM_HEADER.len() - SAMPLED.len()) / 4 * 3;
/// JSON of which one span surely fits: a span repeats the keys of annotations.
const DOCUMENT: usize = 32 << 10;

/// Sends segments as OTLP to the UDP port of an agent, in the form in which AWS's distributions of OpenTelemetry send them inside Lambda:
/// the header line, `T1S`, base64. The X-Ray daemon of Lambda takes it; elsewhere use [`OtlpEmitter`](super::OtlpEmitter).
#[derive(Debug)]
pub struct OtlpUdpEmitter {
    udp: UdpEmitter,
    mapping: Mapping,
}

impl OtlpUdpEmitter {
    /// Looks the address up and connects; nothing is sent yet, and nobody need be listening.
    ///
    /// # Errors
    /// When the name cannot be looked up or the system gives no socket.
    pub fn connect(address: &DaemonAddress) -> io::Result<Self> {
        Ok(Self { udp: UdpEmitter::connect(address)?, mapping: Mapping::default() })
    }

    /// Halves the spans until each half fits.
    fn send(&self, resource: Resource, mut spans: Vec<Span>) -> io::Result<()> {
        let whole = request(resource.clone(), spans.clone());
        if whole.encoded_len() <= ROOM {
            let mut datagram = [DATAGRAM_HEADER, SAMPLED].concat();
            datagram.extend_from_slice(STANDARD.encode(whole.encode_to_vec()).as_bytes());
            return self.udp.emit(&datagram);
        }
        if spans.len() < 2 {
            return Err(io::Error::other("a span that no datagram holds"));
        }
        let second = spans.split_off(spans.len() / 2);
        self.send(resource.clone(), spans).and(self.send(resource, second))
    }
}

impl Emitter for OtlpUdpEmitter {
    fn emit(&self, datagram: &[u8]) -> io::Result<()> {
        let document = document_of(datagram).map_err(io::Error::other)?;
        let (resource, spans) = self.mapping.map(document).map_err(io::Error::other)?;
        if spans.is_empty() { Ok(()) } else { self.send(resource, spans) }
    }

    fn datagram_limit(&self) -> usize {
        DOCUMENT
    }
}
