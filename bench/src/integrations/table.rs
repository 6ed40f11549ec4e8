//! The table.

use std::error::Error;

use telemetry_wire::TraceHeader;
use tokio::runtime::Runtime;
use xray_sdk::Segment;

use super::peers::Tracing;
use crate::ours::{self, Ours};

/// Calls below one segment.
pub(super) const CALLS_PER_TRACE: u32 = 10;

/// In the same turns as below segments: each enters the runtime.
pub(super) fn in_turns(count: u32, calls: impl Fn(u32) -> Result<(), Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    (0..count / CALLS_PER_TRACE).try_for_each(|_| calls(CALLS_PER_TRACE))
}

const NOT_SAMPLED: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0";

/// Our traces around calls.
pub(super) struct Traces<'a>(&'a Ours);

impl Traces<'_> {
    pub(super) fn sampled(&self, count: u32, calls: impl Fn(u32) -> Result<(), Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
        (0..count / CALLS_PER_TRACE).try_for_each(|_| Segment::begin("root").context().in_scope(|| calls(CALLS_PER_TRACE)))
    }

    pub(super) fn not_sampled(&self, count: u32, calls: impl Fn(u32) -> Result<(), Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
        let header = TraceHeader::parse(NOT_SAMPLED);
        (0..count / CALLS_PER_TRACE).try_for_each(|_| Segment::begin_from("root", &header).context().in_scope(|| calls(CALLS_PER_TRACE)))
    }

    pub(super) fn flush(&self) {
        self.0.flush();
    }
}

/// Prints the table; with `only`, of the integrations whose name contains it.
pub(crate) fn run(ours: &Ours, only: Option<&str>) -> Result<(), Box<dyn Error>> {
    println!("### Integrations\n");
    println!(
        "What a call takes bare, with ours and with the best other crate that we know, µs; medians of rounds in turn, what is added of the \
         differences to the bare call of the same round. CPU is that of all threads, ours with JSON and UDP, theirs in a batch that is \
         thrown away. {CALLS_PER_TRACE} calls below one segment or span, whose cost is in.\n"
    );
    println!("| call | how | takes | added | CPU added | allocations |");
    println!("|---|---|---|---|---|---|");
    let runtime: Runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (traces, tracing) = (Traces(ours), Tracing::new());
    let is_wanted = |name: &str| only.is_none_or(|only| name.contains(only));
    if is_wanted("sql") {
        super::sql::rows(&runtime, &traces)?;
    }
    if is_wanted("aws") {
        super::aws::rows(&runtime, &traces, &tracing)?;
    }
    if is_wanted("reqwest") {
        super::reqwest::rows(&runtime, &traces, &tracing)?;
    }
    if is_wanted("axum") {
        super::axum::rows(&runtime, &traces, &tracing)?;
    }
    ours::check(ours)
}
