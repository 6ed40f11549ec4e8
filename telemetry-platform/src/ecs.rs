//! ECS: the task metadata endpoint, version 4, whose address is in a variable of each container.

use std::collections::HashMap;

use serde::Deserialize;

use crate::fetch::Fetch;
use crate::platform::{Ecs, LogGroup, Platform, parts_of_arn};
use crate::world::World;

const VARIABLES: [&str; 2] = ["ECS_CONTAINER_METADATA_URI_V4", "ECS_CONTAINER_METADATA_URI"];

pub(crate) fn is_here(world: &World) -> bool {
    VARIABLES.iter().any(|name| world.variable(name).is_some())
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Container {
    docker_id: Option<String>,
    #[serde(rename = "ContainerARN")]
    container_arn: Option<String>,
    labels: HashMap<String, String>,
    log_options: HashMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Task {
    cluster: Option<String>,
    #[serde(rename = "TaskARN")]
    task_arn: Option<String>,
    family: Option<String>,
    launch_type: Option<String>,
    availability_zone: Option<String>,
}

pub(crate) fn resolve(world: &World, fetch: &Fetch, platform: &mut Platform) {
    let Some(endpoint) = VARIABLES.iter().find_map(|name| world.variable(name)) else { return };
    let container: Container = fetch.get(&endpoint, None).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let task: Task = fetch.get(&format!("{endpoint}/task"), None).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let label = |name: &str| container.labels.get(&format!("com.amazonaws.ecs.{name}")).cloned();
    let task_arn = task.task_arn.or_else(|| label("task-arn"));
    let (region, account) = parts_of_arn(task_arn.as_deref().unwrap_or_default());
    platform.region = region.map(str::to_owned);
    platform.account_id = account.map(str::to_owned);
    if let Some(group) = container.log_options.get("awslogs-group") {
        let of_logs = container.log_options.get("awslogs-region").map(String::as_str);
        platform.log_groups.push(LogGroup::new(group.clone(), of_logs.or(region), account));
    }
    platform.ecs = Some(Ecs {
        container: world.text("/etc/hostname").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()),
        container_id: container.docker_id,
        container_arn: container.container_arn,
        task_family: task.family.or_else(|| label("task-definition-family")),
        cluster_arn: task.cluster.or_else(|| label("cluster")).map(|cluster| cluster_arn(cluster, region, account)),
        launch_type: task.launch_type,
        availability_zone: task.availability_zone,
        task_arn,
    });
}

/// Some agents tell the cluster's name only.
fn cluster_arn(cluster: String, region: Option<&str>, account: Option<&str>) -> String {
    match (cluster.starts_with("arn:"), region, account) {
        (false, Some(region), Some(account)) => format!("arn:aws:ecs:{region}:{account}:cluster/{cluster}"),
        _ => cluster,
    }
}
