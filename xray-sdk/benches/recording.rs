//! The recording core alone, for work on it: `cargo bench --package xray-sdk`. Side by side with peers: the package `bench`.

#![allow(clippy::unwrap_used, reason = "a bench without its subject has nothing to say")]

use std::net::UdpSocket;

use divan::{Bencher, black_box};
use xray_sdk::sampling::SampleAll;
use xray_sdk::{Context, Segment, Subsegment, TraceHeader, in_subsegment, subsegment, traced};

#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

const CHILDREN: [usize; 3] = [1, 10, 100];

fn main() {
    let agent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = agent.local_addr().unwrap().to_string();
    let installed = xray_sdk::builder("bench").daemon_address(address).sampler(SampleAll).install().unwrap();
    divan::main();
    installed.flush();
}

/// Runs `child` so often below one sampled segment.
fn below_a_segment(bencher: Bencher<'_, '_>, children: usize, child: impl Fn() + Sync) {
    bencher.counter(children).bench(|| {
        let segment = Segment::begin("root");
        segment.context().in_scope(|| (0..children).for_each(|_| child()));
    });
}

#[divan::bench(args = CHILDREN)]
fn guard(bencher: Bencher<'_, '_>, children: usize) {
    below_a_segment(bencher, children, || {
        let child = subsegment("child");
        black_box(&child);
    });
}

#[divan::bench(args = CHILDREN)]
fn owner(bencher: Bencher<'_, '_>, children: usize) {
    below_a_segment(bencher, children, || {
        let child = Subsegment::begin_in(Context::current(), "child");
        black_box(&child);
    });
}

#[divan::bench(args = CHILDREN)]
fn closure(bencher: Bencher<'_, '_>, children: usize) {
    below_a_segment(bencher, children, || {
        in_subsegment("child", |child| {
            black_box(child);
        });
    });
}

#[divan::bench(args = CHILDREN)]
fn annotated_three_times(bencher: Bencher<'_, '_>, children: usize) {
    below_a_segment(bencher, children, || {
        let mut child = subsegment("child");
        child.annotate("a", 7).annotate("b", true).annotate("c", 0.5);
        black_box(&child);
    });
}

#[traced]
fn work(number: u64) -> u64 {
    black_box(number)
}

#[divan::bench(args = CHILDREN)]
fn traced_function(bencher: Bencher<'_, '_>, children: usize) {
    below_a_segment(bencher, children, || {
        black_box(work(7));
    });
}

#[divan::bench]
fn traced_function_not_sampled(bencher: Bencher<'_, '_>) {
    let header = TraceHeader::parse("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0");
    let segment = Segment::begin_from("root", &header);
    let _entered = segment.context().enter();
    bencher.bench_local(|| work(black_box(7)));
}

#[divan::bench]
fn traced_function_without_segment(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| work(black_box(7)));
}
