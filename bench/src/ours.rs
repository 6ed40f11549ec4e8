//! The work, with xray-sdk.

use std::hint::black_box;
use std::net::UdpSocket;
use std::time::Instant;

use telemetry_wire::TraceHeader;
use xray_sdk::sampling::{LocalSampler, SampleAll, Sampler as _, SamplingRequest};
use xray_sdk::{Installed, Segment, Subsegment, subsegment};

/// The SDK as applications have it: a worker, JSON, UDP.
pub(crate) struct Ours {
    installed: Installed,
    /// Bound and never read: the kernel copies and drops, as it would for a slow agent.
    _agent: UdpSocket,
}

impl Ours {
    #[expect(clippy::expect_used, reason = "a bench without its subject has nothing to say")]
    pub(crate) fn install() -> Self {
        let agent = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let address = agent.local_addr().expect("an address").to_string();
        let installed = xray_sdk::builder("bench").daemon_address(address).sampler(SampleAll).install().expect("the SDK");
        Self { installed, _agent: agent }
    }

    pub(crate) fn flush(&self) {
        self.installed.flush();
    }

    pub(crate) fn guard(&self, children: usize) {
        let segment = Segment::begin("root");
        segment.context().in_scope(|| (0..children).for_each(|_| drop(black_box(subsegment("child")))));
    }

    pub(crate) fn owner(&self, children: usize) {
        let segment = Segment::begin("root");
        let context = segment.context();
        (0..children).for_each(|_| drop(black_box(Subsegment::begin_in(context, "child"))));
    }

    pub(crate) fn annotated(&self, children: usize) {
        let segment = Segment::begin("root");
        segment.context().in_scope(|| {
            for number in 0..children {
                let mut child = subsegment("child");
                child.annotate("a", number).annotate("b", true).annotate("c", 0.5);
            }
        });
    }

    pub(crate) fn unsampled(&self, children: usize) {
        let header = TraceHeader::parse("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0");
        let segment = Segment::begin_from("root", &header);
        segment.context().in_scope(|| (0..children).for_each(|_| drop(black_box(subsegment("child")))));
    }
}

/// Small things, each timed over many repetitions.
#[expect(clippy::expect_used, reason = "the rules are right here")]
pub(crate) fn header_and_sampling() {
    let text = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    row("trace header read", || {
        black_box(TraceHeader::parse(black_box(text)).root);
    });
    let header = TraceHeader::parse(text);
    row("trace header written", || {
        let mut text = String::with_capacity(80);
        header.text().write(&mut text);
        drop(black_box(text));
    });
    let rule =
        |number: usize| format!(r#"{{"host":"*.example.com","http_method":"GET","url_path":"/path{number}/*","fixed_target":0,"rate":0}}"#);
    let rules: Vec<String> = (0..25).map(rule).collect();
    let file = format!(r#"{{"version":2,"default":{{"fixed_target":0,"rate":0}},"rules":[{}]}}"#, rules.join(","));
    let sampler = LocalSampler::parse(&file).expect("rules");
    let request = SamplingRequest { service: "s", host: Some("api.example.com"), method: Some("GET"), path: Some("/orders/7") };
    row("sampling decision, 25 rules, none matches", || {
        black_box(sampler.decide(black_box(&request), 7).is_sampled);
    });
}

fn row(name: &str, work: impl Fn()) {
    const REPETITIONS: u32 = 200_000;
    let mut rounds: Vec<f64> = (0..9)
        .map(|_| {
            let began = Instant::now();
            (0..REPETITIONS).for_each(|_| work());
            began.elapsed().as_nanos() as f64 / f64::from(REPETITIONS)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("| {name} | {:.1} |", rounds[rounds.len() / 2]);
}
