//! Services that do not report, made up from the subsegments that call them.

use telemetry_wire::Document;

/// Name and type of a service on the map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Inferred {
    pub(super) name: String,
    pub(super) kind: String,
}

impl Inferred {
    /// What a subsegment calls; `None` for local work. A resource that is known stands for the service.
    pub(super) fn of(call: &Document) -> Option<Self> {
        if let Some(sql) = &call.sql {
            let kind = sql.database_type.clone().unwrap_or_else(|| "database".into());
            return Some(Self { name: call.name.clone(), kind });
        }
        match call.namespace.as_deref()? {
            "aws" => Some(Self::of_aws(call)),
            "remote" => Some(Self { name: call.name.clone(), kind: "remote".into() }),
            _ => None,
        }
    }

    fn of_aws(call: &Document) -> Self {
        let resource = call.aws.as_ref().and_then(|aws| {
            let bucket = aws.more.get("bucket_name").and_then(|name| name.as_str()).map(|name| (name.to_owned(), "AWS::S3::Bucket"));
            let table = aws.table_name.clone().map(|name| (name, "AWS::DynamoDB::Table"));
            let queue = aws.queue_url.as_ref().map(|url| (url.rsplit('/').next().unwrap_or(url).to_owned(), "AWS::SQS::Queue"));
            bucket.or(table).or(queue)
        });
        match resource {
            Some((name, kind)) => Self { name, kind: kind.into() },
            None => Self { name: call.name.clone(), kind: format!("AWS::{}", call.name) },
        }
    }
}
