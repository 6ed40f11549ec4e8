//! What recording costs, beside peers in one run: medians of interleaved rounds, ratios to fastrace, allocations counted.
//!
//! `cargo run --release --package bench` prints Markdown. Absolute times prove nothing on a shared machine; ratios of one run do.

mod measure;
mod peers;
mod ours;

use measure::{Case, measure};

#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

fn main() {
    let ours = ours::Ours::install();
    peers::install_fastrace();
    let opentelemetry = peers::OpenTelemetry::install();
    println!(
        "Empty subsegments in sequence; ns per subsegment, root included. fg: wall time on the calling thread. cpu: all threads, flush included.\n"
    );
    println!("| what | children | fg | × fastrace `Span` | cpu | allocations |");
    println!("|---|---|---|---|---|---|");
    for children in [10, 100] {
        let reference = "fastrace `Span`, nothing written";
        let cases: Vec<Case<'_>> = vec![
            Case::new(reference, || peers::fastrace_span(children), peers::flush_fastrace),
            Case::new("fastrace `LocalSpan`, nothing written", || peers::fastrace_local(children), peers::flush_fastrace),
            Case::new("xray-sdk, guard, JSON over UDP", || ours.guard(children), || ours.flush()),
            Case::new("xray-sdk, owner, JSON over UDP", || ours.owner(children), || ours.flush()),
            Case::new("opentelemetry_sdk, batch, nothing written", || opentelemetry.direct(children), || opentelemetry.flush()),
            Case::new("tracing + tracing-opentelemetry, nothing written", || opentelemetry.tracing(children), || opentelemetry.flush()),
            Case::new("fastrace `Span`, 3 properties", || peers::fastrace_properties(children), peers::flush_fastrace),
            Case::new("xray-sdk, 3 annotations", || ours.annotated(children), || ours.flush()),
            Case::new("fastrace, not sampled", || peers::fastrace_unsampled(children), || ()),
            Case::new("xray-sdk, not sampled", || ours.unsampled(children), || ()),
        ];
        measure(&cases, children, reference);
    }
    println!();
    println!("| what | ns |");
    println!("|---|---|");
    ours::header_and_sampling();
}
