//! Lambda: the environment tells everything.

use crate::platform::{Lambda, LogGroup, Platform};
use crate::world::World;

pub(crate) fn is_here(world: &World) -> bool {
    world.variable("LAMBDA_TASK_ROOT").is_some() || world.variable("AWS_LAMBDA_FUNCTION_NAME").is_some()
}

pub(crate) fn resolve(world: &World, platform: &mut Platform) {
    platform.region = world.variable("AWS_REGION");
    platform.lambda = Some(Lambda {
        function_name: world.variable("AWS_LAMBDA_FUNCTION_NAME"),
        function_version: world.variable("AWS_LAMBDA_FUNCTION_VERSION"),
    });
    if let Some(group) = world.variable("AWS_LAMBDA_LOG_GROUP_NAME") {
        platform.log_groups.push(LogGroup::new(group, None, None));
    }
}
