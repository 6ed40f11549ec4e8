//! Trace headers, sampling, encoding: each timed over many repetitions.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use telemetry_wire::{Encoder, Entity, Flags, Placement, SegmentId, Timestamp, TraceHeader, TraceId};
use xray_sdk::sampling::{LocalSampler, Sampler as _, SamplingRequest};

use crate::measure::median;
use crate::sampling;

const HEADER: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// Prints the table.
pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    println!("### Small things\n\n| what | ns |\n|---|---|");
    row("trace header read", 1, || {
        black_box(TraceHeader::parse(black_box(HEADER)).root);
    });
    let header = TraceHeader::parse(HEADER);
    row("trace header written", 1, || {
        let mut text = String::with_capacity(80);
        black_box(&header).text().write(&mut text);
        black_box(text);
    });
    let sampler = LocalSampler::parse(&rules(25))?;
    let request = SamplingRequest {
        service: "s",
        host: Some("api.example.com"),
        method: Some("GET"),
        path: Some("/orders/7"),
        ..SamplingRequest::default()
    };
    row("local sampling decision, 25 rules, none matches", 1, || {
        black_box(sampler.decide(black_box(&request), 7).is_sampled);
    });
    sampling::rows()?;
    encode()
}

fn rules(count: usize) -> String {
    let rule =
        |number: usize| format!(r#"{{"host":"*.example.com","http_method":"GET","url_path":"/path{number}/*","fixed_target":0,"rate":0}}"#);
    let rules: Vec<String> = (0..count).map(rule).collect();
    format!(r#"{{"version":2,"default":{{"fixed_target":0,"rate":0}},"rules":[{}]}}"#, rules.join(","))
}

/// A flat segment of 100 subsegments, as the emitter writes it, and the same document by serde_json.
fn encode() -> Result<(), Box<dyn Error>> {
    const CHILDREN: u32 = 100;
    let mut bytes = Vec::new();
    write_document(&mut bytes, CHILDREN);
    let value: serde_json::Value = serde_json::from_slice(&bytes)?;
    row("encode, 100 subsegments, per subsegment", CHILDREN, || {
        bytes.clear();
        write_document(&mut bytes, CHILDREN);
        black_box(&bytes);
    });
    let mut again = Vec::new();
    row("the same by serde_json from its `Value`", CHILDREN, || {
        again.clear();
        if let Err(error) = serde_json::to_writer(&mut again, black_box(&value)) {
            eprintln!("serde_json: {error}");
        }
        black_box(&again);
    });
    Ok(())
}

fn write_document(bytes: &mut Vec<u8>, children: u32) {
    let entity = |number: u32| Entity {
        name: "child",
        id: SegmentId::from_u64(0x5399_5c3f_42cd_8ad8 ^ u64::from(number) << 32),
        start: Timestamp::from_micros(1_700_000_000_123_456 + u64::from(number)),
        end: Some(Timestamp::from_micros(1_700_000_000_123_556 + u64::from(number))),
        flags: Flags::default(),
        details: None,
    };
    let mut encoder = Encoder::new(bytes);
    let trace_id = TraceId::from_u128(0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793);
    encoder.open(&entity(0), Placement::Segment { trace_id, parent_id: None, info: None });
    encoder.begin_children();
    for number in 1..=children {
        if number > 1 {
            encoder.next_child();
        }
        encoder.open(&entity(number), Placement::Nested);
        encoder.close();
    }
    encoder.end_children();
    encoder.close();
}

fn row(name: &str, of: u32, mut work: impl FnMut()) {
    const ROUNDS: usize = 9;
    let repetitions = 200_000 / of;
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            (0..repetitions).for_each(|_| work());
            began.elapsed().as_nanos() as f64 / f64::from(repetitions * of)
        })
        .collect();
    println!("| {name} | {:.1} |", median(&mut rounds));
}
