//! Subsegments, side by side.

use std::error::Error;

use crate::measure::{Case, measure};
use crate::opentelemetry_aws::{Documents, XrayExport};
use crate::ours::Ours;
use crate::xray_lite::XrayLite;
use crate::{ours, peers};

/// Prints the table.
pub(crate) fn run(ours: &Ours) -> Result<(), Box<dyn Error>> {
    peers::install_fastrace();
    let opentelemetry = peers::OpenTelemetry::install();
    let one_each = XrayExport::install(Documents::OneEach)?;
    let nested = XrayExport::install(Documents::Nested)?;
    let xray_lite = XrayLite::new()?;
    println!("### Recording\n");
    println!(
        "Empty subsegments in sequence below one root. ns per subsegment, root included. thread: wall time on the calling thread. \
         CPU: all threads, flush and, where there is one, the socket included.\n"
    );
    println!("| what | children | thread [fastest–slowest] | × fastrace `Span` | CPU | allocations |");
    println!("|---|---|---|---|---|---|");
    for children in [10, 100] {
        let reference = "fastrace `Span`, nothing written";
        let cases: Vec<Case<'_>> = vec![
            Case::new(reference, || peers::fastrace_span(children), peers::flush_fastrace),
            Case::new("fastrace `LocalSpan`, nothing written", || peers::fastrace_local(children), peers::flush_fastrace),
            Case::new("**xray-sdk, owner**, JSON over UDP", || ours.owner(children), || ours.flush()),
            Case::new("**xray-sdk, guard**, JSON over UDP", || ours.guard(children), || ours.flush()),
            Case::new("opentelemetry_sdk, batch, nothing written", || opentelemetry.direct(children), || opentelemetry.flush()),
            Case::new("tracing + tracing-opentelemetry, nothing written", || opentelemetry.tracing(children), || opentelemetry.flush()),
            Case::new("opentelemetry-aws, JSON over UDP", || one_each.trace(children), || one_each.flush()),
            Case::new("opentelemetry-aws nested, JSON over UDP", || nested.trace(children), || nested.flush()),
            Case::new("xray-lite, JSON over UDP", || xray_lite.trace(children), || ()),
            Case::new("fastrace `Span`, 3 properties", || peers::fastrace_properties(children), peers::flush_fastrace),
            Case::new("**xray-sdk, 3 annotations**", || ours.annotated(children), || ours.flush()),
            Case::new("fastrace, not sampled", || peers::fastrace_unsampled(children), || ()),
            Case::new("**xray-sdk, not sampled**", || ours.unsampled(children), || ()),
            Case::new("opentelemetry_sdk, not sampled", || opentelemetry.unsampled(children), || ()),
        ];
        measure(&cases, children, reference);
    }
    ours::check(ours)
}
