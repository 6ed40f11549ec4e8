//! What segments cost at given rates, and the highest rate at which none is lost.

use std::error::Error;
use std::time::Duration;

use super::trial::{BYTES, Outcome, Who, trial};
use crate::load::{Documents, Load};

const RATES: [u32; 4] = [1_000, 4_000, 20_000, 100_000];
/// Tried until one is too high.
const STEPS: [u32; 11] = [10_000, 20_000, 30_000, 40_000, 50_000, 60_000, 80_000, 100_000, 120_000, 140_000, 160_000];

/// Prints what a segment costs.
pub(super) fn at_given_rates(all: &[Who], is_long: bool) -> Result<(), Box<dyn Error>> {
    let lasts = Duration::from_secs(if is_long { 60 } else { 4 });
    println!(
        "| segments/s | | sent | lost: in the kernel, in the agent | CPU per segment | memory idle | under load, most | to arrival p50 | p99 | calls per 1,000 | bytes per segment |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    let documents = Documents::of_size(BYTES);
    for rate in RATES {
        for who in all {
            print_row(who, &trial(who, &documents, Load::even(rate, lasts), Duration::from_secs(1))?);
        }
    }
    println!();
    for who in all {
        println!("* {}: a binary of {:.1} MB", who.name(), std::fs::metadata(who.binary()?)?.len() as f64 / f64::from(1 << 20));
    }
    println!();
    Ok(())
}

fn print_row(who: &Who, outcome: &Outcome) {
    let Outcome { sent, kernel_drops, idle_memory, most_memory, arrivals, .. } = outcome;
    let [p50, p99] = arrivals.delay.map(|delay| format!("{:.0} ms", delay.as_secs_f64() * 1e3));
    println!(
        "| {:.0} | {} | {sent} | {kernel_drops}, {} | {:.1} µs | {idle_memory:.1} MB | {most_memory:.1} MB | {p50} | {p99} | {:.1} | {:.0} |",
        outcome.rate(),
        who.name(),
        outcome.lost().saturating_sub(*kernel_drops),
        outcome.cost(),
        outcome.per_segment(arrivals.calls as f64 * 1e3),
        outcome.per_segment(arrivals.bytes as f64),
    );
}

/// Prints the highest rate at which nothing is lost and the agent keeps up.
pub(super) fn highest(all: &[Who]) -> Result<(), Box<dyn Error>> {
    println!(
        "The highest rate that is kept for two seconds without loss, everything there two seconds later; generator and sink take their part of the machine.\n"
    );
    println!("| | highest, segments/s | the next, segments/s | of that lost | late |\n|---|---|---|---|---|");
    for who in all {
        let (best, next) = climb(who)?;
        let next = next.map(|next| {
            let lost = next.lost() as f64 * 100.0 / next.sent as f64;
            format!("{:.0} | {lost:.1} % | {:.1} s", next.rate(), next.settling.as_secs_f64())
        });
        println!("| {} | {best:.0} | {} |", who.name(), next.unwrap_or_else(|| "not tried | |".into()));
    }
    println!();
    Ok(())
}

/// The highest rate that is good, and what came of the next.
fn climb(who: &Who) -> Result<(f64, Option<Outcome>), Box<dyn Error>> {
    let mut best = 0.0;
    for rate in STEPS {
        let outcome = try_twice(who, rate)?;
        if !is_good(&outcome) {
            return Ok((best, Some(outcome)));
        }
        best = outcome.rate();
    }
    Ok((best, None))
}

/// A hiccup of the machine is not the agent's.
fn try_twice(who: &Who, rate: u32) -> Result<Outcome, Box<dyn Error>> {
    let load = Load::even(rate, Duration::from_secs(2));
    let documents = Documents::of_size(BYTES);
    let first = trial(who, &documents, load, Duration::ZERO)?;
    if is_good(&first) { Ok(first) } else { trial(who, &documents, load, Duration::ZERO) }
}

fn is_good(outcome: &Outcome) -> bool {
    outcome.lost() == 0 && outcome.settling < Duration::from_secs(2)
}
