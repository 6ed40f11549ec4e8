//! EKS: the pod from its host name, the container from its control group, the cluster from a variable. The cluster's own API would tell
//! its name too, but only to pods with a role for it.

use crate::container::container_id;
use crate::platform::{Eks, LogGroup, Platform};
use crate::world::World;

/// What manifests call it: ours, OpenTelemetry's, that of CloudWatch's agent.
const CLUSTER: [&str; 3] = ["EKS_CLUSTER_NAME", "K8S_CLUSTER_NAME", "CLUSTER_NAME"];
/// What the downward API is used for, and what the kubelet sets.
const POD: [&str; 3] = ["K8S_POD_NAME", "POD_NAME", "HOSTNAME"];

pub(crate) fn is_here(world: &World) -> bool {
    world.variable("KUBERNETES_SERVICE_HOST").is_some()
}

pub(crate) fn resolve(world: &World, platform: &mut Platform) {
    let first = |names: &[&str]| names.iter().find_map(|name| world.variable(name));
    let cluster_name = first(&CLUSTER);
    if let Some(cluster) = &cluster_name {
        let (region, account) = (platform.region.as_deref(), platform.account_id.as_deref());
        platform.log_groups.push(LogGroup::new(format!("/aws/containerinsights/{cluster}/application"), region, account));
    }
    platform.eks = Some(Eks { cluster_name, pod: first(&POD), container_id: container_id(world) });
}
