//! What was seen, beside what was expected.

use super::bed::Seen;
use super::cell::{Cell, Losses};
use super::lanes::{DATAGRAMS, VALUES};

impl Losses {
    pub(super) const NONE: Self = Self { datagrams: 0, values: 0 };
    /// A kill takes what came in the last moment before the spool's sync (100 ms, and as much again for the disk), and the values of the
    /// interval (1 s) and of the flush.
    pub(super) const BY_A_KILL: Self = Self { datagrams: DATAGRAMS / 5, values: VALUES * 3 / 2 };
}

/// Returns what is worse than expected.
pub(super) fn judge(cell: &Cell, seen: &Seen) -> Result<(), String> {
    let mut worse = Vec::new();
    let mut demand = |is_kept: bool, what: String| {
        if !is_kept {
            worse.push(what);
        }
    };
    let [dropped_segments, dropped_values] = seen.dropped;
    demand(seen.held == 0, format!("{} items are still held", seen.held));
    demand(seen.broken_promises == 0, format!("{} acknowledged segments are lost", seen.broken_promises));
    demand(seen.segments.lost() <= cell.loses.datagrams + dropped_segments, format!("{} segments are lost", seen.segments.lost()));
    // Ten lines are in a datagram.
    demand(seen.values.lost() <= cell.loses.values + dropped_values * 10, format!("{} values are lost", seen.values.lost()));
    demand(seen.lines.lost() == 0, format!("{} lines are lost", seen.lines.lost()));
    let repeated = [&seen.segments, &seen.values, &seen.lines].map(|fate| fate.numbers.duplicates).iter().sum::<u64>();
    demand(cell.repeats || repeated == 0, format!("{repeated} items came more than once"));
    if worse.is_empty() { Ok(()) } else { Err(worse.join(", ")) }
}
