//! [`OtlpUdpEmitter`]: to an agent over UDP.

use std::io;
use std::time::Duration;

use telemetry_wire::otlp::{ExportTraceServiceRequest, Message as _, Resource, Span, carry, cut, request};
use telemetry_wire::{DATAGRAM_HEADER, SPANS_SAMPLED, UDP_PAYLOAD_LIMIT, document_of};

use super::mapping::Mapping;
use crate::emitter::address::DaemonAddress;
use crate::emitter::emit::Emitter;
use crate::emitter::udp::UdpEmitter;

/// Protobuf that one datagram holds: base64 makes 4 bytes of 3.
const ROOM: usize = (UDP_PAYLOAD_LIMIT - DATAGRAM_HEADER.len() - SPANS_SAMPLED.len()) / 4 * 3;
/// JSON of which one span surely fits: a span repeats the keys of annotations.
const DOCUMENT: usize = 32 << 10;

/// Sends segments as OTLP to the UDP port of an agent, in the form in which AWS's distributions of OpenTelemetry send them inside Lambda:
/// the header line, `T1S`, base64. The X-Ray daemon of Lambda takes it, and so does
/// `metrics-agent`; elsewhere use [`OtlpEmitter`](super::OtlpEmitter).
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

    fn send(&self, resource: Resource, spans: Vec<Span>) -> io::Result<()> {
        let pieces = cut(request(resource, spans), ROOM);
        pieces.iter().map(|piece| self.send_piece(piece)).fold(Ok(()), io::Result::and)
    }

    fn send_piece(&self, piece: &ExportTraceServiceRequest) -> io::Result<()> {
        if piece.encoded_len() > ROOM {
            return Err(io::Error::other("a span that no datagram holds"));
        }
        self.udp.emit(&[DATAGRAM_HEADER, carry(piece).as_bytes()].concat())
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

    fn flush(&self, within: Duration) -> bool {
        self.udp.flush(within)
    }

    fn left(&self) -> usize {
        self.udp.left()
    }
}
