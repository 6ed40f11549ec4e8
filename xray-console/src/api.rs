//! AWS calls: told apart, served, noted.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::Value;

use crate::activity::{Activity, CallRecord, Signal};
use crate::clock::now;
use crate::protocol::{ApiError, Call, Protocol, Service, check_members, read_body, render, render_error};
use crate::sqs::Queues;
use crate::storage::Storage;
use crate::xray::SamplingClients;
use crate::{cloudwatch, logs, sts, xray};

/// What operations work on.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) storage: Storage,
    pub(crate) activity: Arc<Activity>,
    pub(crate) clients: Arc<SamplingClients>,
    pub(crate) queues: Arc<Queues>,
}

/// Shippers put first and make the group and the stream when they hear that there is none; others make them every time. Both
/// answers stand in the list of calls, and nothing was rejected.
fn is_normal_course(operation: &str, code: &str) -> bool {
    matches!(
        (operation, code),
        ("PutLogEvents" | "CreateLogStream", "ResourceNotFoundException")
            | ("CreateLogGroup" | "CreateLogStream", "ResourceAlreadyExistsException")
    )
}

impl Api {
    /// Answers a request if it is an AWS call.
    pub(crate) async fn answer(&self, request: axum::extract::Request) -> Option<Response<Body>> {
        let (parts, body) = request.into_parts();
        let started = monotonic_now();
        let request_id = request_id();
        let call = match read_body(&parts.headers, body).await {
            Ok(body) => Call::read(&parts, &body)?,
            Err(error) => Err(error),
        };
        let (service, operation, protocol, result) = match call {
            Ok(call) => {
                let result = self.serve(&call).await;
                (call.service_name, call.operation, call.protocol, result)
            }
            Err(error) => ("unknown".into(), parts.uri.path().to_owned(), Protocol::RestJson, Err(error)),
        };
        let (status, error) = match &result {
            Ok(_) => (StatusCode::OK, None),
            Err(error) => (error.status, Some(format!("{}: {}", error.code, error.message))),
        };
        if let Err(error) = &result
            && !is_normal_course(&operation, error.code)
        {
            self.activity.rejected("call", Some(format!("{service} {operation}")), error.code, &error.message);
        }
        let millis = started.elapsed().as_secs_f64() * 1e3;
        let response = match result {
            Ok(output) => render(protocol, &operation, &output, &request_id),
            Err(error) => render_error(protocol, &error, &request_id),
        };
        self.activity.called(CallRecord { at: now(), service, operation, status: status.as_u16(), millis, error, request_id });
        Some(response)
    }

    async fn serve(&self, call: &Call) -> Result<Value, ApiError> {
        check_members(call)?;
        let (storage, input) = (&self.storage, &call.input);
        match (call.service, call.operation.as_str()) {
            (Service::XRay, "PutTraceSegments") => self.put_trace_segments(input).await,
            (Service::XRay, "PutTelemetryRecords") => xray::put_telemetry_records(storage, input).await,
            (Service::XRay, "GetTraceSummaries") => xray::get_trace_summaries(storage, input).await,
            (Service::XRay, "BatchGetTraces") => xray::batch_get_traces(storage, input).await,
            (Service::XRay, "GetServiceGraph") => xray::get_service_graph(storage, input).await,
            (Service::XRay, "GetTraceGraph") => xray::get_trace_graph(storage, input).await,
            (Service::XRay, operation) => self.serve_rules(operation, input).await.unwrap_or_else(|| Err(unknown(call))),
            (Service::CloudWatch, "PutMetricData") => {
                let (output, count) = cloudwatch::put_metric_data(storage, input).await?;
                self.activity.arrived(Signal::Metrics, count);
                Ok(output)
            }
            (Service::CloudWatch, "ListMetrics") => cloudwatch::list_metrics(storage, input).await,
            (Service::CloudWatch, "GetMetricStatistics") => cloudwatch::get_metric_statistics(storage, input).await,
            (Service::CloudWatch, "GetMetricData") => cloudwatch::get_metric_data(storage, input).await,
            (Service::Logs, operation) => self.serve_logs(operation, input).await.unwrap_or_else(|| Err(unknown(call))),
            (Service::Sqs, operation) => {
                let served = self.queues.serve(operation, input, &call.host, call.trace_header.as_deref()).await;
                served.unwrap_or_else(|| Err(unknown(call)))
            }
            (Service::Sts, "GetCallerIdentity") => Ok(sts::get_caller_identity()),
            (Service::Sts, "AssumeRole") => sts::assume_role(input),
            _ => Err(unknown(call)),
        }
    }

    async fn serve_rules(&self, operation: &str, input: &Value) -> Option<Result<Value, ApiError>> {
        let storage = &self.storage;
        Some(match operation {
            "GetSamplingRules" => xray::get_sampling_rules(storage).await,
            "GetSamplingTargets" => xray::get_sampling_targets(storage, &self.clients, input).await,
            "GetSamplingStatisticSummaries" => Ok(xray::get_sampling_statistic_summaries(&self.clients)),
            "CreateSamplingRule" => xray::create_sampling_rule(storage, input).await,
            "UpdateSamplingRule" => xray::update_sampling_rule(storage, input).await,
            "DeleteSamplingRule" => xray::delete_sampling_rule(storage, input).await,
            "CreateGroup" => xray::create_group(storage, input).await,
            "UpdateGroup" => xray::update_group(storage, input).await,
            "DeleteGroup" => xray::delete_group(storage, input).await,
            "GetGroup" => xray::get_group(storage, input).await,
            "GetGroups" => xray::get_groups(storage).await,
            _ => return None,
        })
    }

    async fn serve_logs(&self, operation: &str, input: &Value) -> Option<Result<Value, ApiError>> {
        let storage = &self.storage;
        Some(match operation {
            "CreateLogGroup" => logs::create_log_group(storage, input).await,
            "CreateLogStream" => logs::create_log_stream(storage, input).await,
            "DescribeLogGroups" => logs::describe_log_groups(storage, input).await,
            "DescribeLogStreams" => logs::describe_log_streams(storage, input).await,
            "PutLogEvents" => self.put_log_events(input).await,
            "FilterLogEvents" => logs::filter_log_events(storage, input).await,
            "GetLogEvents" => logs::get_log_events(storage, input).await,
            "DeleteLogGroup" => logs::delete_log_group(storage, input).await,
            "DeleteLogStream" => logs::delete_log_stream(storage, input).await,
            "PutRetentionPolicy" => logs::put_retention_policy(storage, input).await,
            "DeleteRetentionPolicy" => logs::delete_retention_policy(storage, input).await,
            "TagResource" | "TagLogGroup" => logs::tag(storage, input).await,
            "UntagResource" | "UntagLogGroup" => logs::untag(storage, input).await,
            "ListTagsForResource" | "ListTagsLogGroup" => logs::list_tags(storage, input).await,
            _ => return None,
        })
    }

    async fn put_trace_segments(&self, input: &Value) -> Result<Value, ApiError> {
        let (output, count, refused) = xray::put_trace_segments(&self.storage, input).await?;
        self.activity.arrived(Signal::Segments, count);
        for refused in refused {
            self.activity.rejected("segment", refused.id, refused.code, refused.message);
        }
        Ok(output)
    }

    async fn put_log_events(&self, input: &Value) -> Result<Value, ApiError> {
        let (output, taken, refused) = logs::put_log_events(&self.storage, input).await?;
        self.activity.arrived(Signal::Logs, taken);
        if refused > 0 {
            self.activity.rejected(
                "log events",
                None,
                "rejectedLogEventsInfo",
                format!("{refused} events outside 14 days back and 2 hours ahead"),
            );
        }
        Ok(output)
    }
}

/// The error that each protocol has for an operation it does not know.
fn unknown(call: &Call) -> ApiError {
    let code = match call.protocol {
        Protocol::RestJson | Protocol::Json10 | Protocol::Json11 | Protocol::Cbor => "UnknownOperationException",
        Protocol::Query(_) => "InvalidAction",
    };
    ApiError::client(code, format!("{} {} is not served here", call.service_name, call.operation))
}

#[expect(clippy::disallowed_methods, reason = "the duration of a call, shown and never compared")]
fn monotonic_now() -> Instant {
    Instant::now()
}

/// Looks like a UUID, as clients expect; unique in this process.
fn request_id() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let (number, bits) = (NUMBER.fetch_add(1, Ordering::Relaxed), now().to_bits());
    format!("{:08x}-{:04x}-4000-8000-{:012x}", bits >> 32, bits >> 16 & 0xffff, number)
}
