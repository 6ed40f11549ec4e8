//! Interleaved rounds with a rotating start.

use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use stats_alloc::Region;

use crate::ALLOCATOR;

/// One row of the table: one trace, and what brings everything out afterwards.
pub(crate) struct Case<'a> {
    name: &'static str,
    trace: Box<dyn Fn() + 'a>,
    flush: Box<dyn Fn() + 'a>,
}

impl<'a> Case<'a> {
    pub(crate) fn new(name: &'static str, trace: impl Fn() + 'a, flush: impl Fn() + 'a) -> Self {
        Self { name, trace: Box::new(trace), flush: Box::new(flush) }
    }
}

#[derive(Default)]
struct Samples {
    foreground: Vec<f64>,
    cpu: Vec<f64>,
    allocations: Vec<f64>,
}

const WARM_UP: usize = 3;
const ROUNDS: usize = 21;
/// Subsegments per round and case.
const SPANS: usize = 20_000;

/// Measures all cases and prints a row each.
pub(crate) fn measure(cases: &[Case<'_>], children: usize, reference: &str) {
    let mut samples: Vec<Samples> = cases.iter().map(|_| Samples::default()).collect();
    for round in 0..WARM_UP + ROUNDS {
        for offset in 0..cases.len() {
            let at = (round + offset) % cases.len();
            let (foreground, cpu, allocations) = run(&cases[at], children);
            if round >= WARM_UP {
                samples[at].foreground.push(foreground);
                samples[at].cpu.push(cpu);
                samples[at].allocations.push(allocations);
            }
        }
    }
    let medians: Vec<f64> = samples.iter_mut().map(|samples| median(&mut samples.foreground)).collect();
    let of_reference = cases.iter().position(|case| case.name == reference).map_or(f64::NAN, |at| medians[at]);
    for ((case, samples), foreground) in cases.iter().zip(&mut samples).zip(&medians) {
        let (least, most) = (samples.foreground[0], samples.foreground[samples.foreground.len() - 1]);
        let (cpu, allocations) = (median(&mut samples.cpu), median(&mut samples.allocations));
        let ratio = foreground / of_reference;
        println!("| {} | {children} | {foreground:.1} [{least:.1}–{most:.1}] | {ratio:.2} | {cpu:.1} | {allocations:.2} |", case.name);
    }
}

fn run(case: &Case<'_>, children: usize) -> (f64, f64, f64) {
    let traces = SPANS / children;
    let spans = (traces * children) as f64;
    let region = Region::new(ALLOCATOR);
    let cpu = ProcessTime::now();
    let mut foreground = Duration::ZERO;
    for batch in 0..traces.div_ceil(100) {
        let begin = Instant::now();
        (batch * 100..traces.min(batch * 100 + 100)).for_each(|_| (case.trace)());
        foreground += begin.elapsed();
        // Bounded queues must not overflow: nobody is to be faster by dropping.
        (case.flush)();
    }
    let allocations = region.change().allocations as f64 / spans;
    (foreground.as_nanos() as f64 / spans, cpu.elapsed().as_nanos() as f64 / spans, allocations)
}

/// Sorts them too.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
