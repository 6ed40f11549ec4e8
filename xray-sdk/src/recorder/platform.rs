//! Where the application runs, on each segment: guessed when the SDK is installed, found out in the background.

use telemetry_platform::{Platform, World};
use telemetry_wire::{Aws, Beanstalk, Ec2, Ecs, Eks, LogGroup, SegmentInfo};

use super::sink::Recorder;

/// Starts to find out. Where no signal points at a cloud, that is all; otherwise a thread asks, and segments that are sent before it knows go
/// without.
pub(super) fn detect(recorder: &'static Recorder, world: World) {
    let guess = world.guess();
    if !guess.needs_resolving() {
        return;
    }
    let resolve = move || {
        let known = recorder.output.info.load();
        recorder.output.info.store(described(&known, world.resolve(guess)).into());
    };
    if recorder.is_lambda {
        // Variables tell everything there, and a thread would be frozen with the sandbox.
        resolve();
    } else if let Err(error) = std::thread::Builder::new().name("xray-platform".into()).spawn(resolve) {
        log::warn!("X-Ray: no thread to find out where this runs: {error}");
    }
}

/// What the application said of itself stays.
fn described(known: &SegmentInfo, platform: Platform) -> SegmentInfo {
    let mut info = known.clone();
    info.origin = info.origin.or_else(|| platform.origin().map(str::to_owned));
    info.resource_arn = info.resource_arn.or_else(|| platform.resource_arn().map(str::to_owned));
    let found = aws_of(platform);
    info.aws = Some(info.aws.map_or_else(|| found.clone(), |own| own.over(&found)));
    info
}

fn aws_of(platform: Platform) -> Aws {
    let group = |group: telemetry_platform::LogGroup| LogGroup { log_group: Some(group.name), arn: group.arn };
    Aws {
        account_id: platform.account_id,
        cloudwatch_logs: platform.log_groups.into_iter().map(group).collect(),
        ec2: platform.ec2.map(|ec2| Ec2 {
            instance_id: ec2.instance_id,
            availability_zone: ec2.availability_zone,
            instance_size: ec2.instance_size,
            ami_id: ec2.ami_id,
        }),
        ecs: platform.ecs.map(|ecs| Ecs {
            container: ecs.container,
            container_id: ecs.container_id,
            container_arn: ecs.container_arn,
            task_arn: ecs.task_arn,
            task_family: ecs.task_family,
            cluster_arn: ecs.cluster_arn,
            launch_type: ecs.launch_type,
            availability_zone: ecs.availability_zone,
        }),
        eks: platform.eks.map(|eks| Eks { cluster_name: eks.cluster_name, pod: eks.pod, container_id: eks.container_id }),
        elastic_beanstalk: platform.beanstalk.map(|beanstalk| Beanstalk {
            environment_name: beanstalk.environment_name,
            version_label: beanstalk.version_label,
            deployment_id: beanstalk.deployment_id,
        }),
        ..Aws::default()
    }
}
