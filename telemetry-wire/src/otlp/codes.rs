//! Numbers of the protocol, and ids as bytes.

use crate::document::Flags;
use crate::id::{SegmentId, TraceId};

/// Kind of a span: work inside a process.
pub const INTERNAL: i32 = 1;
/// Kind of a span: a request that a process answers.
pub const SERVER: i32 = 2;
/// Kind of a span: a request that a process makes.
pub const CLIENT: i32 = 3;
/// Kind of a span: a message sent.
pub const PRODUCER: i32 = 4;
/// Kind of a span: a message received.
pub const CONSUMER: i32 = 5;

/// Status of a span: an error.
pub const ERROR: i32 = 2;

/// Flag of a span: sampled.
pub const SAMPLED: u32 = 0x01;
/// Flag of a span: whether its parent is in another process is known. Only newer SDKs say so.
pub const REMOTE_IS_KNOWN: u32 = 0x100;
/// Flag of a span: it is.
pub const PARENT_IS_REMOTE: u32 = 0x200;

/// 16 bytes that are not all zero.
pub(super) fn trace_id(bytes: &[u8]) -> Option<TraceId> {
    let bits = u128::from_be_bytes(bytes.try_into().ok()?);
    (bits != 0).then_some(TraceId::from_u128(bits))
}

/// 8 bytes that are not all zero.
pub(super) fn segment_id(bytes: &[u8]) -> Option<SegmentId> {
    let bits = u64::from_be_bytes(bytes.try_into().ok()?);
    (bits != 0).then_some(SegmentId::from_u64(bits))
}

/// What a status code says of how an entity ended; without one that is an error, an error is a fault. Other flags are listed in an attribute.
pub(super) fn implied_flags(status: Option<u16>, is_error: bool) -> Flags {
    let of_status = status.map(Flags::of_status).filter(|flags| flags.any());
    of_status.unwrap_or(Flags { fault: is_error, ..Flags::default() })
}
