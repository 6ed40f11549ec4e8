//! Work that leaves the function it began in: tasks, blocking work, streams.

use futures_util::StreamExt as _;
use xray_sdk::stream::StreamExt as _;
use xray_sdk::{FutureExt as _, Segment, traced};

#[traced]
fn hash(item: u32) -> u32 {
    item.wrapping_mul(0x9e37_79b9)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let xray = xray_sdk::builder("import").sampler(xray_sdk::sampling::SampleAll).install()?;
    let work = async {
        // Instead of tokio::spawn and tokio::task::spawn_blocking: what they record belongs to the segment that spawned them.
        let task = xray_sdk::tokio::spawn(async { drop(xray_sdk::subsegment("refresh")) });
        let hashed = xray_sdk::tokio::spawn_blocking(|| hash(7));
        let items = futures_util::stream::iter([1_u32, 2, 3]).in_subsegment("read items").map(hash).count().await;
        task.await?;
        println!("{items} items read, {:?} hashed elsewhere", hashed.await);
        Ok::<_, tokio::task::JoinError>(())
    };
    work.in_segment(Segment::begin("import")).await?;
    examples::report(&xray);
    Ok(())
}
