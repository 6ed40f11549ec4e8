//! Elastic Beanstalk: a file that the platform writes when X-Ray is switched on.

use serde::Deserialize;

use crate::platform::{Beanstalk, Platform};
use crate::world::World;

/// JSON, whatever its ending says.
const FILE: &str = "/var/elasticbeanstalk/xray/environment.conf";

pub(crate) fn is_here(world: &World) -> bool {
    world.has(FILE)
}

#[derive(Deserialize)]
struct Environment {
    environment_name: Option<String>,
    version_label: Option<String>,
    deployment_id: Option<u64>,
}

pub(crate) fn resolve(world: &World, platform: &mut Platform) {
    let environment = world.text(FILE).and_then(|text| serde_json::from_str::<Environment>(&text).ok());
    platform.beanstalk = environment.map(|Environment { environment_name, version_label, deployment_id }| Beanstalk {
        environment_name,
        version_label,
        deployment_id,
    });
}
