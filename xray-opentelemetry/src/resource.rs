//! From a resource to what all segments of a process share.

use opentelemetry::{Key, KeyValue};
use opentelemetry_sdk::Resource;
use telemetry_wire::{Aws, Beanstalk, Ec2, Ecs, Eks, LogGroup, SegmentInfo, Service, XrayInfo};

use crate::attributes::Attributes;

/// The name of the service, if anybody has given one.
pub(crate) fn service_name(resource: &Resource) -> Option<String> {
    let name = resource.get(&Key::from_static_str("service.name"))?.as_str().into_owned();
    (!name.starts_with("unknown_service")).then_some(name)
}

/// Reads the attributes that X-Ray has a place for.
pub(crate) fn segment_info(resource: &Resource) -> SegmentInfo {
    let pairs: Vec<KeyValue> = resource.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone())).collect();
    let known = Attributes::new(&pairs);
    let is_aws = known.text(&["cloud.provider"]).is_none_or(|provider| provider == "aws");
    let platform = known.text(&["cloud.platform"]).filter(|_| is_aws).unwrap_or_default();
    let version = known.owned(&["service.version", "container.image.tag"]);
    SegmentInfo {
        service: version.map(|version| Service { version: Some(version), ..Service::default() }),
        origin: origin(platform, &known),
        resource_arn: known.owned(&["cloud.resource_id"]).filter(|id| id.starts_with("arn:")),
        aws: Some(Aws { xray: Some(sdk(&known)), ..if is_aws { places(platform, &known) } else { Aws::default() } }),
    }
}

fn sdk(known: &Attributes<'_>) -> XrayInfo {
    let name = known.text(&["telemetry.sdk.name"]).unwrap_or("opentelemetry");
    let language = known.text(&["telemetry.sdk.language"]).unwrap_or("rust");
    XrayInfo { sdk: Some(format!("{name} for {language}")), sdk_version: known.owned(&["telemetry.sdk.version"]), ..XrayInfo::default() }
}

fn origin(platform: &str, known: &Attributes<'_>) -> Option<String> {
    let origin = match (platform, known.text(&["aws.ecs.launchtype"]).map(str::to_ascii_lowercase).as_deref()) {
        ("aws_app_runner", _) => "AWS::AppRunner::Service",
        ("aws_eks", _) => "AWS::EKS::Container",
        ("aws_elastic_beanstalk", _) => "AWS::ElasticBeanstalk::Environment",
        ("aws_ecs", Some("ec2")) => "AWS::ECS::EC2",
        ("aws_ecs", Some("fargate")) => "AWS::ECS::Fargate",
        ("aws_ecs", _) => "AWS::ECS::Container",
        ("aws_ec2", _) => "AWS::EC2::Instance",
        ("aws_lambda", _) => "AWS::Lambda::Function",
        _ => return None,
    };
    Some(origin.to_owned())
}

fn places(platform: &str, known: &Attributes<'_>) -> Aws {
    let availability_zone = known.owned(&["cloud.availability_zone"]);
    let container_id = known.owned(&["container.id"]);
    let cluster_name = known.owned(&["k8s.cluster.name"]);
    let groups = known.texts(&["aws.log.group.names"]).into_iter();
    Aws {
        account_id: known.owned(&["cloud.account.id"]),
        cloudwatch_logs: groups.map(|name| LogGroup { log_group: Some(name), arn: None }).collect(),
        ec2: (platform == "aws_ec2").then(|| Ec2 {
            instance_id: known.owned(&["host.id"]),
            availability_zone: availability_zone.clone(),
            instance_size: known.owned(&["host.type"]),
            ami_id: known.owned(&["host.image.id"]),
        }),
        ecs: (platform == "aws_ecs").then(|| Ecs {
            container: known.owned(&["container.name"]),
            container_id: container_id.clone(),
            container_arn: known.owned(&["aws.ecs.container.arn"]),
            task_arn: known.owned(&["aws.ecs.task.arn"]),
            task_family: known.owned(&["aws.ecs.task.family"]),
            cluster_arn: known.owned(&["aws.ecs.cluster.arn"]),
            launch_type: known.owned(&["aws.ecs.launchtype"]),
            availability_zone,
        }),
        eks: (platform == "aws_eks" || cluster_name.is_some()).then(|| Eks {
            cluster_name,
            pod: known.owned(&["k8s.pod.name"]),
            container_id,
        }),
        elastic_beanstalk: (platform == "aws_elastic_beanstalk").then(|| Beanstalk {
            environment_name: known.owned(&["service.namespace"]),
            version_label: known.owned(&["service.version"]),
            deployment_id: known.number(&["service.instance.id"]).and_then(|number| u64::try_from(number).ok()),
        }),
        ..Aws::default()
    }
}
