//! Rounds in turn, each way of a call against the bare one of the same round.

use std::error::Error;
use std::time::Instant;

use cpu_time::ProcessTime;
use stats_alloc::Region;

use crate::ALLOCATOR;
use crate::measure::median;

const WARM_UP: usize = 3;
const ROUNDS: usize = 31;

/// Makes so many calls, one after the other.
type Calls<'a> = dyn Fn(u32) -> Result<(), Box<dyn Error>> + 'a;

/// One way to make a call.
pub(super) struct Way<'a> {
    name: &'static str,
    calls: Box<Calls<'a>>,
    flush: Box<dyn Fn() + 'a>,
}

impl<'a> Way<'a> {
    /// `calls` makes so many, `flush` brings out what they left behind.
    pub(super) fn new(name: &'static str, calls: impl Fn(u32) -> Result<(), Box<dyn Error>> + 'a, flush: impl Fn() + 'a) -> Self {
        Self { name, calls: Box::new(calls), flush: Box::new(flush) }
    }
}

/// Per call, in microseconds.
#[derive(Clone, Copy)]
struct Cost {
    wall: f64,
    cpu: f64,
    allocations: f64,
}

/// Measures the ways of one call, the bare one first, and prints a row each.
pub(super) fn compare(call: &str, count: u32, ways: &[Way<'_>]) -> Result<(), Box<dyn Error>> {
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); ways.len()];
    for round in 0..WARM_UP + ROUNDS {
        for offset in 0..ways.len() {
            let at = (round + offset) % ways.len();
            let cost = measure(&ways[at], count)?;
            if round >= WARM_UP {
                costs[at].push(cost);
            }
        }
    }
    let of = |at: usize, what: fn(&Cost) -> f64| median(&mut costs[at].iter().map(what).collect::<Vec<_>>());
    let added = |at: usize, what: fn(&Cost) -> f64| {
        let pairs = costs[at].iter().zip(&costs[0]);
        median(&mut pairs.map(|(way, bare)| what(way) - what(bare)).collect::<Vec<_>>())
    };
    for (at, way) in ways.iter().enumerate() {
        let wall = of(at, |cost| cost.wall);
        if at == 0 {
            println!("| {call} | {} | {wall:.1} | | | {:.0} |", way.name, of(at, |cost| cost.allocations));
        } else {
            let (more, cpu) = (added(at, |cost| cost.wall), added(at, |cost| cost.cpu));
            println!("| | {} | {wall:.1} | {more:+.2} | {cpu:+.2} | {:+.1} |", way.name, added(at, |cost| cost.allocations));
        }
    }
    Ok(())
}

fn measure(way: &Way<'_>, count: u32) -> Result<Cost, Box<dyn Error>> {
    let (region, cpu, began) = (Region::new(ALLOCATOR), ProcessTime::now(), Instant::now());
    (way.calls)(count)?;
    let wall = began.elapsed();
    (way.flush)();
    let per_call = |seconds: f64| seconds * 1e6 / f64::from(count);
    Ok(Cost {
        wall: per_call(wall.as_secs_f64()),
        cpu: per_call(cpu.elapsed().as_secs_f64()),
        allocations: region.change().allocations as f64 / f64::from(count),
    })
}
