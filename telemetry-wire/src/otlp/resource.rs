//! From what a segment says of its process to a resource. The way back is `process.rs`.

use super::attributes::Attributes;
use super::message::Resource;
use crate::document::{Aws, Document};

impl Resource {
    /// A service of which nothing else is known.
    #[must_use]
    pub fn of_service(name: &str) -> Self {
        let mut resource = Attributes::default();
        resource.text("service.name", Some(name));
        Self { attributes: resource.take(), ..Self::default() }
    }
}

/// The service, and where it runs. Subsegments that come on their own know neither; give them the resource of their segment.
#[must_use]
pub fn resource_of(segment: &Document) -> Resource {
    let mut resource = Attributes::default();
    resource.text("service.name", Some(&segment.name));
    if let Some(service) = &segment.service {
        resource
            .text("service.version", service.version.as_deref())
            .text("process.runtime.name", service.runtime.as_deref())
            .text("process.runtime.version", service.runtime_version.as_deref());
    }
    let platform = segment.origin.as_deref().and_then(platform);
    resource
        .text("cloud.provider", platform.map(|_| "aws"))
        .text("cloud.platform", platform)
        .text("aws.ecs.launchtype", launch_type(segment).as_deref())
        .text("cloud.resource_id", segment.resource_arn.as_deref());
    if let Some(aws) = &segment.aws {
        add_sdk(&mut resource, aws);
        add_places(&mut resource, aws);
    }
    Resource { attributes: resource.take(), ..Resource::default() }
}

fn platform(origin: &str) -> Option<&'static str> {
    Some(match origin {
        "AWS::AppRunner::Service" => "aws_app_runner",
        "AWS::EKS::Container" => "aws_eks",
        "AWS::ElasticBeanstalk::Environment" => "aws_elastic_beanstalk",
        "AWS::EC2::Instance" => "aws_ec2",
        "AWS::Lambda::Function" => "aws_lambda",
        origin if origin.starts_with("AWS::ECS::") => "aws_ecs",
        _ => return None,
    })
}

/// The origin says it too.
fn launch_type(segment: &Document) -> Option<String> {
    let of_block = || segment.aws.as_ref()?.ecs.as_ref()?.launch_type.as_deref();
    let of_origin = || segment.origin.as_deref()?.strip_prefix("AWS::ECS::").filter(|kind| matches!(*kind, "EC2" | "Fargate"));
    of_block().or_else(of_origin).map(str::to_ascii_lowercase)
}

/// `X-Ray for Python` names its language.
fn language(sdk: &str) -> String {
    let language = sdk.rsplit_once(" for ").map_or("rust", |(_, language)| language).to_ascii_lowercase();
    match language.as_str() {
        "node.js" => "nodejs".to_owned(),
        language if language.starts_with(".net") => "dotnet".to_owned(),
        _ => language,
    }
}

fn add_sdk(resource: &mut Attributes, aws: &Aws) {
    let Some(xray) = &aws.xray else { return };
    resource
        .text("telemetry.sdk.name", xray.sdk.as_deref())
        .text("telemetry.sdk.version", xray.sdk_version.as_deref())
        .text("telemetry.sdk.language", xray.sdk.as_deref().map(language).as_deref());
}

fn add_places(resource: &mut Attributes, aws: &Aws) {
    let groups = aws.cloudwatch_logs.iter();
    resource
        .text("cloud.account.id", aws.account_id.as_deref())
        .texts("aws.log.group.names", groups.clone().filter_map(|group| group.log_group.as_deref()))
        .texts("aws.log.group.arns", groups.filter_map(|group| group.arn.as_deref()));
    if let Some(ec2) = &aws.ec2 {
        resource
            .text("host.id", ec2.instance_id.as_deref())
            .text("host.type", ec2.instance_size.as_deref())
            .text("host.image.id", ec2.ami_id.as_deref())
            .text("cloud.availability_zone", ec2.availability_zone.as_deref());
    }
    if let Some(ecs) = &aws.ecs {
        resource
            .text("container.name", ecs.container.as_deref())
            .text("container.id", ecs.container_id.as_deref())
            .text("aws.ecs.container.arn", ecs.container_arn.as_deref())
            .text("aws.ecs.cluster.arn", ecs.cluster_arn.as_deref())
            .text("aws.ecs.task.arn", ecs.task_arn.as_deref())
            .text("aws.ecs.task.family", ecs.task_family.as_deref());
        if aws.ec2.is_none() {
            resource.text("cloud.availability_zone", ecs.availability_zone.as_deref());
        }
    }
    if let Some(eks) = &aws.eks {
        resource
            .text("k8s.cluster.name", eks.cluster_name.as_deref())
            .text("k8s.pod.name", eks.pod.as_deref())
            .text("container.id", eks.container_id.as_deref().filter(|_| aws.ecs.is_none()));
    }
    if let Some(beanstalk) = &aws.elastic_beanstalk {
        resource
            .text("service.namespace", beanstalk.environment_name.as_deref())
            .text("service.instance.id", beanstalk.deployment_id.map(|id| id.to_string()).as_deref());
    }
}
