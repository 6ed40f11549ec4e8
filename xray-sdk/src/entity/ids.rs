//! Where ids come from.
//!
//! A segment draws one random base; the id of its subsegment number `n` is `mix(base + n)`. The mixer is a bijection, so ids
//! are unique within the segment by construction, nothing is stored and nothing drawn.

use telemetry_wire::{SegmentId, Timestamp, TraceId};

use crate::clock::Ticks;

/// The finalizer of splitmix64.
const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Where ids come from instead of the SDK's own generator: for tests that want the same ones each time.
pub trait IdSource: Send + Sync {
    /// The id of a new trace that begins at so many seconds since the epoch.
    fn trace_id(&self, seconds: u64) -> TraceId;

    /// A number that the ids of one segment and its subsegments are mixed from. Different for each segment.
    fn id_base(&self) -> u64;
}

/// The id of entity `number` of a segment; number 0 is the segment.
pub(crate) const fn id_of(base: u64, number: u32) -> SegmentId {
    SegmentId::from_u64(mix(base.wrapping_add(number as u64)))
}

/// A base for the ids of one segment. Trace, parent and time are folded in, because a generator that was seeded before a
/// fork or a snapshot repeats itself.
pub(crate) fn new_id_base(trace: TraceId, parent: Option<SegmentId>, micros: u64) -> u64 {
    let trace = trace.as_u128();
    let folded = (trace as u64) ^ ((trace >> 64) as u64).rotate_left(17) ^ parent.map_or(0, SegmentId::as_u64).rotate_left(31);
    mix(folded ^ micros) ^ fastrand::u64(..)
}

/// A new trace, stamped with the wall clock as X-Ray's own ids are. Processes forked from one would go on with the same
/// generator: the processor's counter tells them apart, where asking the system for the process costs ten times as much.
pub(crate) fn new_trace_id(now: Timestamp, ticks: Ticks) -> TraceId {
    let random = fastrand::u128(..) ^ u128::from(mix(now.as_micros() ^ ticks.0));
    TraceId::new(u32::try_from(now.seconds()).unwrap_or(u32::MAX), random)
}

/// An id for an exception.
pub(crate) fn random_segment_id() -> SegmentId {
    SegmentId::from_u64(fastrand::u64(1..))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_within_a_segment_are_distinct() {
        let ids: HashSet<_> = (0..100_000).map(|number| id_of(u64::MAX - 50_000, number)).collect();
        assert_eq!(ids.len(), 100_000);
    }

    #[test]
    fn a_repeated_seed_still_gives_new_trace_ids() {
        fastrand::seed(7);
        let now = Timestamp::from_micros(1_700_000_000_250_000);
        let first = new_trace_id(now, Ticks(7));
        assert_eq!(first.epoch_seconds(), 1_700_000_000);
        for (now, ticks) in [(Timestamp::from_micros(now.as_micros() + 1), Ticks(7)), (now, Ticks(8))] {
            fastrand::seed(7);
            assert_ne!(first, new_trace_id(now, ticks));
        }
    }
}
