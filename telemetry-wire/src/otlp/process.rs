//! From a resource to what all segments of a process share. The way back is `resource.rs`.

use serde_json::Value as Json;

use super::known::{Known, json};
use super::message::Resource;
use crate::document::{Aws, Beanstalk, Ec2, Ecs, Eks, Encoder, Entity, Flags, LogGroup, Placement, SegmentInfo, Service, XrayInfo, limits};
use crate::id::{SegmentId, TraceId};
use crate::time::Timestamp;

/// A process that reports.
#[derive(Debug, Default)]
pub(super) struct Process {
    /// The name of the service, if anybody has given one.
    pub(super) name: Option<String>,
    pub(super) info: SegmentInfo,
    /// What X-Ray has no place for.
    pub(super) rest: Vec<(String, Json)>,
}

/// Bytes that the segments of one request may repeat of their process: a small request must not become gigabytes.
const REPEATED: usize = 32 << 20;

/// Command lines are anybody's: they may hold secrets.
const PRIVATE: &str = "process.command";

impl Process {
    pub(super) fn of(resource: Option<&Resource>) -> Self {
        let known = Known::new(resource.map_or(&[], |resource| &resource.attributes));
        let name = known.text(&["service.name"]).filter(|name| !name.starts_with("unknown_service"));
        let is_aws = known.text(&["cloud.provider"]).is_none_or(|provider| provider == "aws");
        let platform = known.text(&["cloud.platform"]).filter(|_| is_aws).unwrap_or_default();
        let places = if is_aws { places(platform, &known) } else { Aws::default() };
        let aws = Aws { xray: sdk(&known), ..places };
        let info = SegmentInfo {
            service: service(&known),
            origin: origin(platform, &known),
            resource_arn: known.owned(&["cloud.resource_id"]).filter(|id| id.starts_with("arn:")),
            aws: (aws != Aws::default()).then_some(aws),
        };
        let rest = known.left().filter(|(key, _)| !key.starts_with(PRIVATE)).map(|(key, value)| (key.to_owned(), json(value)));
        Self { name: name.map(|name| limits::cut(name, limits::NAME_CHARS).to_owned()), info, rest: rest.collect() }
    }

    /// Forgets what would be too much for so many segments.
    pub(super) fn repeat(mut self, segments: usize) -> Self {
        let rest: usize = self.rest.iter().map(|(key, value)| key.len() + value.to_string().len()).sum();
        if segments.saturating_mul(rest) > REPEATED {
            self.rest.clear();
        }
        if segments.saturating_mul(self.head_bytes()) > REPEATED {
            self.info = SegmentInfo::default();
        }
        self
    }

    /// More than what a segment says beyond a nested subsegment.
    pub(super) fn head_bytes(&self) -> usize {
        let (trace_id, id) = (TraceId::from_u128(0), SegmentId::from_u64(0));
        let entity = Entity { name: "", id, start: Timestamp::default(), end: None, flags: Flags::default(), details: None };
        let mut text = Vec::new();
        Encoder::new(&mut text).open(&entity, Placement::Segment { trace_id, parent_id: Some(id), info: Some(&self.info) });
        text.len()
    }
}

fn service(known: &Known<'_>) -> Option<Service> {
    let service = Service {
        version: known.owned(&["service.version", "container.image.tag"]),
        runtime: known.owned(&["process.runtime.name"]),
        runtime_version: known.owned(&["process.runtime.version"]),
    };
    (service != Service::default()).then_some(service)
}

/// `opentelemetry for python`, as AWS's exporter has it; names that say it already stay.
fn sdk(known: &Known<'_>) -> Option<XrayInfo> {
    let language = known.text(&["telemetry.sdk.language"]);
    let sdk = known.text(&["telemetry.sdk.name"]).map(|name| match language {
        Some(language) if !name.contains(" for ") => format!("{name} for {language}"),
        _ => name.to_owned(),
    });
    let is_automatic = known.text(&["telemetry.distro.version", "telemetry.auto.version"]).is_some();
    let info = XrayInfo {
        sdk,
        sdk_version: known.owned(&["telemetry.sdk.version"]),
        auto_instrumentation: is_automatic.then_some(true),
        sampling_rule_name: None,
    };
    (info != XrayInfo::default()).then_some(info)
}

fn origin(platform: &str, known: &Known<'_>) -> Option<String> {
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

/// A block for each place that anything is known of.
fn places(platform: &str, known: &Known<'_>) -> Aws {
    let cluster_name = known.owned(&["k8s.cluster.name"]);
    let is_eks = platform == "aws_eks" || cluster_name.is_some();
    let ecs = (platform == "aws_ecs").then(|| ecs(known)).filter(|ecs| *ecs != Ecs::default());
    Aws {
        account_id: known.owned(&["cloud.account.id"]),
        cloudwatch_logs: log_groups(known),
        ec2: ec2(platform, known),
        eks: is_eks.then(|| Eks {
            cluster_name,
            pod: known.owned(&["k8s.pod.name"]),
            container_id: known.owned(&["container.id"]).filter(|_| ecs.is_none()),
        }),
        ecs,
        elastic_beanstalk: (platform == "aws_elastic_beanstalk").then(|| Beanstalk {
            environment_name: known.owned(&["service.namespace"]),
            version_label: known.owned(&["service.version"]),
            deployment_id: known.number(&["service.instance.id"]),
        }),
        ..Aws::default()
    }
}

/// Containers may know the instance below them.
fn ec2(platform: &str, known: &Known<'_>) -> Option<Ec2> {
    if !matches!(platform, "aws_ec2" | "aws_ecs" | "aws_eks" | "aws_elastic_beanstalk") {
        return None;
    }
    let zone = known.owned(&["cloud.availability_zone"]);
    let instance_id = known.owned(&["host.id"]);
    if platform != "aws_ec2" && instance_id.as_ref().is_none_or(|id| !id.starts_with("i-")) {
        return None;
    }
    let ec2 =
        Ec2 { instance_id, availability_zone: zone, instance_size: known.owned(&["host.type"]), ami_id: known.owned(&["host.image.id"]) };
    (ec2 != Ec2::default()).then_some(ec2)
}

fn ecs(known: &Known<'_>) -> Ecs {
    Ecs {
        container: known.owned(&["container.name"]),
        container_id: known.owned(&["container.id"]),
        container_arn: known.owned(&["aws.ecs.container.arn"]),
        task_arn: known.owned(&["aws.ecs.task.arn"]),
        task_family: known.owned(&["aws.ecs.task.family"]),
        cluster_arn: known.owned(&["aws.ecs.cluster.arn"]),
        launch_type: known.text(&["aws.ecs.launchtype"]).map(str::to_ascii_uppercase),
        availability_zone: known.owned(&["cloud.availability_zone"]),
    }
}

/// Names and ARNs are two lists of the same groups, either of which may be missing.
fn log_groups(known: &Known<'_>) -> Vec<LogGroup> {
    let names = known.texts(&["aws.log.group.names"]);
    let arns = known.texts(&["aws.log.group.arns"]);
    let at = |list: &[&str], place: usize| list.get(place).map(|text| (*text).to_owned());
    (0..names.len().max(arns.len())).map(|place| LogGroup { log_group: at(&names, place), arn: at(&arns, place) }).collect()
}
