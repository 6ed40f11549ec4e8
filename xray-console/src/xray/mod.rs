//! X-Ray: documents in, traces, summaries and the service graph out.
//!
//! What is stored is the raw document. A trace is put together when it is looked at: `tree` joins its documents, `inferred`
//! makes up the services that do not report, `digest` derives the summary and what filter expressions can see, and keeps it
//! with the trace until another document arrives.

mod batch_get;
mod digest;
mod get_graph;
mod graph;
mod groups;
mod inferred;
mod put;
mod rollup;
mod root_cause;
mod rules;
mod sampling;
mod spans;
mod summaries;
mod telemetry;
mod traces;
mod tree;
mod unprocessed;

pub(crate) use batch_get::batch_get_traces;
pub(crate) use get_graph::{get_service_graph, get_trace_graph, graph_of_window};
pub(crate) use groups::{create_group, delete_group, get_group, get_groups, update_group};
pub(crate) use put::put_trace_segments;
pub(crate) use rules::{create_sampling_rule, delete_sampling_rule, get_sampling_rules, update_sampling_rule};
pub(crate) use sampling::{SamplingClients, get_sampling_statistic_summaries, get_sampling_targets, rules_with_reports};
pub(crate) use summaries::{Query, Selected, get_trace_summaries, select};
pub(crate) use telemetry::put_telemetry_records;
pub(crate) use traces::{Digest, load_documents};
