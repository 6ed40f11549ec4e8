//! The `aws` block, of segments (where the application runs) and of subsegments (what it called).

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::document::object::Object;

/// Facts about AWS resources.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Aws {
    /// The account, on a subsegment only when it is another one.
    pub account_id: Option<String>,
    /// Groups that hold the application's log lines.
    pub cloudwatch_logs: Vec<LogGroup>,
    /// EC2 instance.
    pub ec2: Option<Ec2>,
    /// ECS container.
    pub ecs: Option<Ecs>,
    /// EKS pod.
    pub eks: Option<Eks>,
    /// Elastic Beanstalk environment.
    pub elastic_beanstalk: Option<Beanstalk>,
    /// The SDK, and the sampling rule that matched.
    pub xray: Option<XrayInfo>,
    /// The operation called, in the API's spelling: `PutItem`.
    pub operation: Option<String>,
    /// The region called.
    pub region: Option<String>,
    /// The request id that the service gave.
    pub request_id: Option<String>,
    /// The extended request id of S3.
    pub id_2: Option<String>,
    /// Attempts after the first.
    pub retries: Option<u32>,
    /// The SQS queue.
    pub queue_url: Option<String>,
    /// The DynamoDB table.
    pub table_name: Option<String>,
    /// The DynamoDB tables of a batch.
    pub table_names: Vec<String>,
    /// Names of other resources.
    pub resource_names: Vec<String>,
    /// Further parameters in snake case, such as `bucket_name`.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A log group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct LogGroup {
    /// Its name.
    pub log_group: Option<String>,
    /// Its ARN.
    pub arn: Option<String>,
}

/// An EC2 instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Ec2 {
    /// `i-...`.
    pub instance_id: Option<String>,
    /// `us-east-1a`.
    pub availability_zone: Option<String>,
    /// `m5.large`.
    pub instance_size: Option<String>,
    /// `ami-...`.
    pub ami_id: Option<String>,
}

/// An ECS container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Ecs {
    /// The container's host name.
    pub container: Option<String>,
    /// 64 hexadecimal digits.
    pub container_id: Option<String>,
    /// The container's ARN.
    pub container_arn: Option<String>,
    /// The task's ARN.
    pub task_arn: Option<String>,
    /// The task's family.
    pub task_family: Option<String>,
    /// The cluster's ARN.
    pub cluster_arn: Option<String>,
    /// `EC2` or `FARGATE`.
    pub launch_type: Option<String>,
    /// `us-east-1a`.
    pub availability_zone: Option<String>,
}

/// An EKS pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Eks {
    /// The cluster.
    pub cluster_name: Option<String>,
    /// The pod.
    pub pod: Option<String>,
    /// 64 hexadecimal digits.
    pub container_id: Option<String>,
}

/// An Elastic Beanstalk environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Beanstalk {
    /// The environment.
    pub environment_name: Option<String>,
    /// The deployed version.
    pub version_label: Option<String>,
    /// The deployment's number.
    pub deployment_id: Option<u64>,
}

/// Who recorded the document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct XrayInfo {
    /// The SDK's name.
    pub sdk: Option<String>,
    /// The SDK's version.
    pub sdk_version: Option<String>,
    /// Whether no code of the user's asked for it.
    pub auto_instrumentation: Option<bool>,
    /// The rule that made the sampling decision; named as Go, Python and .NET name it.
    #[serde(alias = "rule_name")]
    pub sampling_rule_name: Option<String>,
}

macro_rules! write_texts {
    ($block:ident { $($field:ident),* }) => {
        impl $block {
            fn write(&self, out: &mut Vec<u8>) {
                let mut block = Object::begin(out);
                $(block.some_text(stringify!($field), self.$field.as_deref());)*
                block.end();
            }
        }
    };
}

write_texts!(LogGroup { log_group, arn });
write_texts!(Ec2 { instance_id, availability_zone, instance_size, ami_id });
write_texts!(Ecs { container, container_id, container_arn, task_arn, task_family, cluster_arn, launch_type, availability_zone });
write_texts!(Eks { cluster_name, pod, container_id });

impl Beanstalk {
    fn write(&self, out: &mut Vec<u8>) {
        let mut block = Object::begin(out);
        block
            .some_text("environment_name", self.environment_name.as_deref())
            .some_text("version_label", self.version_label.as_deref())
            .integer("deployment_id", self.deployment_id);
        block.end();
    }
}

impl XrayInfo {
    fn write(&self, out: &mut Vec<u8>) {
        let mut block = Object::begin(out);
        block.some_text("sdk", self.sdk.as_deref()).some_text("sdk_version", self.sdk_version.as_deref());
        if let Some(auto) = self.auto_instrumentation {
            block.key("auto_instrumentation").extend_from_slice(if auto { b"true" } else { b"false" });
        }
        block.some_text("sampling_rule_name", self.sampling_rule_name.as_deref());
        block.end();
    }
}

impl Aws {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut aws = Object::begin(out);
        aws.some_text("account_id", self.account_id.as_deref())
            .list("cloudwatch_logs", &self.cloudwatch_logs, |out, group| group.write(out));
        self.write_places(&mut aws);
        aws.some_text("operation", self.operation.as_deref())
            .some_text("region", self.region.as_deref())
            .some_text("request_id", self.request_id.as_deref())
            .some_text("id_2", self.id_2.as_deref())
            .integer("retries", self.retries)
            .some_text("queue_url", self.queue_url.as_deref())
            .some_text("table_name", self.table_name.as_deref())
            .texts("table_names", &self.table_names)
            .texts("resource_names", &self.resource_names);
        for (key, value) in &self.more {
            aws.key(key).extend_from_slice(value.to_string().as_bytes());
        }
        aws.end();
    }

    fn write_places(&self, aws: &mut Object<'_>) {
        if let Some(ec2) = &self.ec2 {
            ec2.write(aws.key("ec2"));
        }
        if let Some(ecs) = &self.ecs {
            ecs.write(aws.key("ecs"));
        }
        if let Some(eks) = &self.eks {
            eks.write(aws.key("eks"));
        }
        if let Some(beanstalk) = &self.elastic_beanstalk {
            beanstalk.write(aws.key("elastic_beanstalk"));
        }
        if let Some(xray) = &self.xray {
            xray.write(aws.key("xray"));
        }
    }
}

impl Aws {
    /// This block over another: what is set here wins, lists are joined, and so are the two `xray` blocks.
    #[must_use]
    pub fn over(&self, below: &Self) -> Self {
        fn joined<T: Clone>(own: &[T], below: &[T]) -> Vec<T> {
            below.iter().chain(own).cloned().collect()
        }
        let below = below.clone();
        let mut more = below.more;
        more.extend(self.more.clone());
        Self {
            account_id: self.account_id.clone().or(below.account_id),
            cloudwatch_logs: joined(&self.cloudwatch_logs, &below.cloudwatch_logs),
            ec2: self.ec2.clone().or(below.ec2),
            ecs: self.ecs.clone().or(below.ecs),
            eks: self.eks.clone().or(below.eks),
            elastic_beanstalk: self.elastic_beanstalk.clone().or(below.elastic_beanstalk),
            xray: match (&self.xray, &below.xray) {
                (Some(own), Some(shared)) => Some(own.over(shared)),
                (own, shared) => own.clone().or_else(|| shared.clone()),
            },
            operation: self.operation.clone().or(below.operation),
            region: self.region.clone().or(below.region),
            request_id: self.request_id.clone().or(below.request_id),
            id_2: self.id_2.clone().or(below.id_2),
            retries: self.retries.or(below.retries),
            queue_url: self.queue_url.clone().or(below.queue_url),
            table_name: self.table_name.clone().or(below.table_name),
            table_names: joined(&self.table_names, &below.table_names),
            resource_names: joined(&self.resource_names, &below.resource_names),
            more,
        }
    }
}

impl XrayInfo {
    fn over(&self, below: &Self) -> Self {
        Self {
            sdk: self.sdk.clone().or_else(|| below.sdk.clone()),
            sdk_version: self.sdk_version.clone().or_else(|| below.sdk_version.clone()),
            auto_instrumentation: self.auto_instrumentation.or(below.auto_instrumentation),
            sampling_rule_name: self.sampling_rule_name.clone().or_else(|| below.sampling_rule_name.clone()),
        }
    }
}
