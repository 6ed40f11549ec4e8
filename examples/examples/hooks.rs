//! What an application can decide: whose fault it is, code at begin and end, where work goes on; and documents that are not lost.

use std::io;

use xray_sdk::sampling::SampleAll;
use xray_sdk::{Classification, Listener, LosslessEmitter, Segment, Subsegment, traced};

/// Annotates everything with the release.
struct Release;

impl Listener for Release {
    fn segment_began(&self, segment: &mut Segment) {
        segment.annotate("release", env!("CARGO_PKG_VERSION"));
    }

    fn subsegment_ends(&self, subsegment: &mut Subsegment) {
        subsegment.annotate("listened", true);
    }
}

#[traced]
fn look_up(key: u32) -> Result<u32, io::Error> {
    Err(io::Error::new(io::ErrorKind::NotFound, format!("no row {key}")))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let is_missing = |message: &str| message.starts_with("no row");
    let xray = xray_sdk::builder("import")
        .sampler(SampleAll)
        // Instead of UDP: the agent says when it holds a document.
        .emitter(LosslessEmitter::tcp("127.0.0.1:2000")?)
        .classify(move |exceptions| match exceptions.first().and_then(|exception| exception.message.as_deref()) {
            Some(message) if is_missing(message) => Classification::Error,
            _ => Classification::Fault,
        })
        .install()?;
    if !xray_sdk::listen(Release) {
        println!("somebody listens already");
    }
    let segment = Segment::begin("import");
    let found = segment.context().in_scope(|| xray_sdk::spawn_thread(|| look_up(7).is_ok()).join());
    println!("a missing row is the caller's error, not our fault; found: {found:?}");
    drop(segment);
    // Waits for the agent for at most five seconds.
    examples::report(&xray);
    Ok(())
}
