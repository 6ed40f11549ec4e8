//! Where the process runs: on EC2, ECS, EKS, Elastic Beanstalk and Lambda each segment says it; elsewhere finding out costs nothing.

use xray_sdk::{Segment, World};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // With the feature `platform` this is the default; a thread asks the metadata services if anything points at one.
    let xray = xray_sdk::builder("orders").sampler(xray_sdk::sampling::SampleAll).platform(Some(World::here())).install()?;
    drop(Segment::begin("orders"));
    let world = World::here();
    let guess = world.guess();
    if guess.needs_resolving() {
        println!("{:#?}", world.resolve(guess));
    } else {
        println!("nothing points at AWS: {guess:?}");
    }
    examples::report(&xray);
    Ok(())
}
