//! What the end of a segment takes from the request that it belongs to.

use std::time::{Duration, Instant};

use xray_sdk::{Segment, Subsegment};

use crate::ours::Ours;

const CHILDREN: usize = 100;
const REQUESTS: usize = 10_000;
/// Between two requests; the worker runs beside them.
const PAUSE: Duration = Duration::from_micros(300);

/// Prints percentiles.
pub(crate) fn run(ours: &Ours) {
    let mut taken: Vec<Duration> = (0..REQUESTS)
        .map(|_| {
            let segment = Segment::begin("root");
            let context = segment.context();
            (0..CHILDREN).for_each(|_| Subsegment::begin_in(context, "child").end());
            let began = Instant::now();
            segment.end();
            let taken = began.elapsed();
            while began.elapsed() < PAUSE {
                std::hint::spin_loop();
            }
            taken
        })
        .collect();
    ours.flush();
    taken.sort_unstable();
    let at = |share: f64| taken[((REQUESTS - 1) as f64 * share) as usize].as_nanos();
    println!("### Close\n\n`Segment::end` with {CHILDREN} subsegments, a request every {} µs; ns.\n", PAUSE.as_micros());
    println!("| p50 | p90 | p99 | most |\n|---|---|---|---|");
    println!("| {} | {} | {} | {} |", at(0.5), at(0.9), at(0.99), at(1.0));
}
