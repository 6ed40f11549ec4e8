//! Work without a request: a job as a segment, threads and spawned tasks that belong to it, errors that are nobody's fault.
//!
//! `cargo run --package examples --example jobs`, with `metrics-agent local` beside it to see the traces.

use xray_sdk::sampling::SampleAll;
use xray_sdk::{Classification, Context, FutureExt as _, in_subsegment, subsegment, traced};

#[derive(Debug, thiserror::Error)]
enum ReportError {
    #[error("nothing to report")]
    Empty,
    #[error("the disk is full")]
    Disk,
}

/// An empty report is no fault; a full disk is.
const fn blame(error: &ReportError) -> Classification {
    match error {
        ReportError::Empty => Classification::Ignored,
        ReportError::Disk => Classification::Fault,
    }
}

#[traced(segment, name = "nightly report", annotate(day), err = blame)]
async fn report(day: u32) -> Result<u64, ReportError> {
    // A spawned task takes the context along.
    let rows = tokio::spawn(async { in_subsegment("collect", |_| 1_000_u64) }.in_current_context());
    // So does a thread.
    let context = Context::current();
    let sum = std::thread::spawn(move || context.in_scope(|| sum(1_000))).join().map_err(|_| ReportError::Disk)?;
    match (day, rows.await) {
        (0, _) => Err(ReportError::Empty),
        (_, Ok(rows)) => Ok(rows + sum),
        (_, Err(_)) => Err(ReportError::Disk),
    }
}

fn sum(to: u64) -> u64 {
    let mut work = subsegment("sum");
    work.annotate("to", to);
    (0..to).sum()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let xray = xray_sdk::builder("jobs").sampler(SampleAll).install()?;
    for day in [1, 0] {
        println!("day {day}: {:?}", report(day).await);
    }
    examples::report(&xray);
    Ok(())
}
