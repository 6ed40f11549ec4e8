//! Code with `#[instrument]` as it is: spans become subsegments, log lines name their trace.

use tracing::instrument;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use xray_sdk::Segment;
use xray_sdk::tracing::{Layer, WithTrace};

#[instrument(err)]
fn charge(order: u64) -> Result<(), std::io::Error> {
    tracing::info!("charging");
    Err(std::io::Error::other("the gateway does not answer"))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let xray = xray_sdk::builder("payments").sampler(xray_sdk::sampling::SampleAll).install()?;
    let lines = tracing_subscriber::fmt::layer().event_format(WithTrace::text(tracing_subscriber::fmt::format()));
    tracing_subscriber::registry().with(Layer::new()).with(lines).init();
    let segment = Segment::begin("payments");
    let charged = segment.context().in_scope(|| charge(7));
    println!("the fault is in the trace: {}", charged.is_err());
    drop(segment);
    examples::report(&xray);
    Ok(())
}
