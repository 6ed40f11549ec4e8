//! [`Platform`]: what was found out.

/// Where the process runs, from the most specific to the most general; several can be known at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Platform {
    /// A Lambda function.
    pub lambda: Option<Lambda>,
    /// An Elastic Beanstalk environment.
    pub beanstalk: Option<Beanstalk>,
    /// A container of ECS.
    pub ecs: Option<Ecs>,
    /// A pod of EKS.
    pub eks: Option<Eks>,
    /// An EC2 instance.
    pub ec2: Option<Ec2>,
    /// The account.
    pub account_id: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// Where the application's log lines go.
    pub log_groups: Vec<LogGroup>,
}

impl Platform {
    /// The origin of X-Ray segments, by the most specific platform: Beanstalk over ECS and EKS over EC2. Lambda's own is set by the service.
    #[must_use]
    pub const fn origin(&self) -> Option<&'static str> {
        match self {
            Self { lambda: Some(_), .. } => None,
            Self { beanstalk: Some(_), .. } => Some("AWS::ElasticBeanstalk::Environment"),
            Self { ecs: Some(_), .. } => Some("AWS::ECS::Container"),
            Self { eks: Some(_), .. } => Some("AWS::EKS::Container"),
            Self { ec2: Some(_), .. } => Some("AWS::EC2::Instance"),
            _ => None,
        }
    }

    /// The ARN of the resource that the service runs on, as sampling rules name it.
    #[must_use]
    pub fn resource_arn(&self) -> Option<&str> {
        self.ecs.as_ref().and_then(|ecs| ecs.container_arn.as_deref().or(ecs.task_arn.as_deref()))
    }
}

/// A Lambda function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lambda {
    /// Its name.
    pub function_name: Option<String>,
    /// Its version.
    pub function_version: Option<String>,
}

/// An Elastic Beanstalk environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Beanstalk {
    /// Its name.
    pub environment_name: Option<String>,
    /// The deployed version.
    pub version_label: Option<String>,
    /// The deployment's number.
    pub deployment_id: Option<u64>,
}

/// A container of ECS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ecs {
    /// The container's host name.
    pub container: Option<String>,
    /// 64 hexadecimal digits, or `task-number` on Fargate.
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

/// A pod of EKS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Eks {
    /// The cluster, where a variable tells it.
    pub cluster_name: Option<String>,
    /// The pod.
    pub pod: Option<String>,
    /// 64 hexadecimal digits.
    pub container_id: Option<String>,
}

/// An EC2 instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
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

/// A log group of CloudWatch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogGroup {
    /// Its name.
    pub name: String,
    /// Its ARN, where account and region are known.
    pub arn: Option<String>,
}

impl LogGroup {
    pub(crate) fn new(name: String, region: Option<&str>, account: Option<&str>) -> Self {
        let arn = region.zip(account).map(|(region, account)| format!("arn:aws:logs:{region}:{account}:log-group:{name}"));
        Self { name, arn }
    }
}

/// Region and account of an ARN.
pub(crate) fn parts_of_arn(arn: &str) -> (Option<&str>, Option<&str>) {
    let mut parts = arn.split(':').skip(3);
    let mut next = || parts.next().filter(|part| !part.is_empty());
    (next(), next())
}
