//! CloudWatch metrics: data in, basic statistics out.
//!
//! A metric is a namespace, a name, an exact set of dimensions and a unit. Data is kept per minute, or per second when it came
//! with a storage resolution of 1, as count, sum, minimum and maximum.

mod list;
mod put;
mod read;
mod series;

pub(crate) use list::{list_metrics, metrics};
pub(crate) use put::put_metric_data;
pub(crate) use read::{get_metric_data, get_metric_statistics};
pub(crate) use series::{SeriesKey, points};
