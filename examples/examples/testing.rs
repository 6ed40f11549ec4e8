//! Tests that look at what was recorded: in memory, checked against X-Ray's schema, no agent, no network.
//!
//! `cargo run --package examples --example testing`

use xray_sdk::testing::with_recorded_documents;
use xray_sdk::{Segment, traced};

#[traced(annotate(sku))]
fn price(sku: &str) -> Result<u64, std::num::ParseIntError> {
    sku.parse()
}

fn main() {
    let (documents, results) = with_recorded_documents(|| {
        let segment = Segment::begin("shop");
        segment.context().in_scope(|| (price("42"), price("broken")))
    });
    assert_eq!(documents.len(), 1, "a segment is one document");
    let [good, bad] = &documents[0].subsegments[..] else { panic!("two calls") };
    assert_eq!(good.annotations["sku"], "42".into());
    assert!(results.1.is_err() && bad.fault && bad.cause.is_some(), "an Err is a fault");
    println!("{documents:#?}");
}
