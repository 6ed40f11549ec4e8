//! StatsD in, PutMetricData out.
//!
//! Lines are aggregated over an interval; its end makes one [`Datum`] per metric, which takes the same line of delivery as
//! segments and log events.

mod aggregate;
mod batcher;
mod datum;
mod put_metric_data;
mod statsd;

pub(crate) use aggregate::{Aggregator, AggregatorSettings, is_dimension};
pub(crate) use batcher::DatumBatcher;
pub(crate) use datum::Datum;
pub(crate) use put_metric_data::PutMetricData;
pub(crate) use statsd::{StatsdCounters, StatsdFlush, StatsdIntake, flush_each_interval};
