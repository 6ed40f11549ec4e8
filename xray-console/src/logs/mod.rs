//! CloudWatch Logs: groups, streams, events; found again by time, by terms and by trace.

mod events;
mod groups;
mod manage;
mod pattern;
mod put;
mod trace_ids;

pub(crate) use events::{LogLine, Search, filter_log_events, get_log_events, lines_of_trace};
pub(crate) use groups::{create_log_group, create_log_stream, describe_log_groups, describe_log_streams, group_names};
pub(crate) use manage::{delete_log_group, delete_log_stream, delete_retention_policy, list_tags, put_retention_policy, tag, untag};
pub(crate) use pattern::Pattern;
pub(crate) use put::put_log_events;
