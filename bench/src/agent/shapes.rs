//! Documents of other sizes, and bursts: what waits in the socket is the kernel's to drop.

use std::error::Error;
use std::time::Duration;

use super::trial::{Who, trial};
use crate::load::{Documents, Load};

/// Bytes of a document, documents a second, documents of a burst.
const SHAPES: [(usize, u32, u32); 6] =
    [(300, 20_000, 1), (8_000, 2_000, 1), (60_000, 300, 1), (1_000, 4_000, 150), (1_000, 4_000, 400), (60_000, 100, 5)];

/// Prints the table.
pub(super) fn run(all: &[Who]) -> Result<(), Box<dyn Error>> {
    println!("Other sizes, and bursts.\n");
    println!(
        "| a document | segments/s | in bursts of | | sent | lost: in the kernel, in the agent | CPU per segment | memory, most | to arrival p99 | calls per 1,000 |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for (bytes, per_second, burst) in SHAPES {
        for who in all {
            let load = Load { per_second, lasts: Duration::from_secs(3), burst };
            let outcome = trial(who, &Documents::of_size(bytes), load, Duration::ZERO)?;
            println!(
                "| {bytes} B | {per_second} | {burst} | {} | {} | {}, {} | {:.1} µs | {:.1} MB | {:.0} ms | {:.1} |",
                who.name(),
                outcome.sent,
                outcome.kernel_drops,
                outcome.lost().saturating_sub(outcome.kernel_drops),
                outcome.cost(),
                outcome.most_memory,
                outcome.arrivals.delay[1].as_secs_f64() * 1e3,
                outcome.per_segment(outcome.arrivals.calls as f64 * 1e3)
            );
        }
    }
    println!();
    Ok(())
}
