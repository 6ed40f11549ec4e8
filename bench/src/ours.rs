//! The work, with xray-sdk.

use std::error::Error;
use std::hint::black_box;
use std::net::UdpSocket;

use telemetry_wire::TraceHeader;
use xray_sdk::sampling::SampleAll;
use xray_sdk::{Installed, Segment, Subsegment, subsegment};

/// The SDK as applications have it: a worker, JSON, UDP.
pub(crate) struct Ours {
    installed: Installed,
    /// Bound and never read: the kernel copies and drops, as it would for a slow agent.
    _agent: UdpSocket,
    not_sampled: TraceHeader<'static>,
}

impl Ours {
    pub(crate) fn install() -> Result<Self, Box<dyn Error>> {
        let agent = UdpSocket::bind("127.0.0.1:0")?;
        let address = agent.local_addr()?.to_string();
        let installed = xray_sdk::builder("bench").daemon_address(address).sampler(SampleAll).install()?;
        let not_sampled = TraceHeader::parse("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0");
        Ok(Self { installed, _agent: agent, not_sampled })
    }

    pub(crate) fn flush(&self) {
        self.installed.flush();
    }

    pub(crate) fn guard(&self, children: usize) {
        let segment = Segment::begin("root");
        segment.context().in_scope(|| {
            for _ in 0..children {
                let child = subsegment("child");
                black_box(&child);
            }
        });
    }

    pub(crate) fn owner(&self, children: usize) {
        let segment = Segment::begin("root");
        let context = segment.context();
        for _ in 0..children {
            let child = Subsegment::begin_in(context, "child");
            black_box(&child);
        }
    }

    pub(crate) fn annotated(&self, children: usize) {
        let segment = Segment::begin("root");
        segment.context().in_scope(|| {
            for number in 0..children {
                let mut child = subsegment("child");
                child.annotate("a", number).annotate("b", true).annotate("c", 0.5);
                black_box(&child);
            }
        });
    }

    pub(crate) fn unsampled(&self, children: usize) {
        let segment = Segment::begin_from("root", &self.not_sampled);
        segment.context().in_scope(|| {
            for _ in 0..children {
                let child = subsegment("child");
                black_box(&child);
            }
        });
    }
}

/// Whether everything was handed to the socket: nobody is to be faster by dropping.
pub(crate) fn check(ours: &Ours) -> Result<(), Box<dyn Error>> {
    let counters = ours.installed.counters();
    let lost = counters.dropped_queue_full + counters.dropped_io_error + counters.dropped_too_large;
    if lost == 0 { Ok(()) } else { Err(format!("{lost} documents were lost, so these figures say nothing").into()) }
}
