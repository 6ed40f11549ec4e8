//! Sends batches with PutMetricData.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit};
use aws_smithy_types::DateTime;
use telemetry_aws::{Refusal, Refusals};
use telemetry_delivery::{Destination, Held, Verdict};

use super::datum::{Datum, Unit, Values};

/// The destination of metrics.
#[derive(Debug)]
pub(crate) struct PutMetricData {
    client: Client,
    namespace: String,
    resolution: i32,
    refusals: Refusals,
}

/// As policies call it.
const OPERATION: &str = "cloudwatch:PutMetricData";

impl PutMetricData {
    /// Data per call that the service takes.
    pub(crate) const BATCH: usize = 1_000;
    /// Bytes per call that the service takes, before compression, less what the request has beside the data.
    pub(crate) const BYTES: usize = 1_000_000 - 4_096;

    /// Intervals below a minute are high-resolution.
    pub(crate) fn new(client: Client, namespace: String, interval: u64) -> Self {
        Self { client, namespace, resolution: if interval < 60 { 1 } else { 60 }, refusals: Refusals::default() }
    }

    fn datum(&self, datum: &Datum) -> MetricDatum {
        let dimension = |(name, value): &(String, String)| Dimension::builder().name(name).value(value).build();
        let unit = match datum.unit {
            Unit::Count => StandardUnit::Count,
            Unit::Milliseconds => StandardUnit::Milliseconds,
            Unit::None => StandardUnit::None,
        };
        let builder = MetricDatum::builder()
            .metric_name(&datum.name)
            .set_dimensions(Some(datum.dimensions.iter().map(dimension).collect()))
            .timestamp(DateTime::from_secs_f64(datum.timestamp))
            .unit(unit)
            .storage_resolution(self.resolution);
        match &datum.values {
            Values::One(value) => builder.value(*value).build(),
            Values::Counted(values) => {
                let (values, counts) = values.iter().copied().unzip();
                builder.set_values(Some(values)).set_counts(Some(counts)).build()
            }
        }
    }
}

impl Destination<Datum> for PutMetricData {
    async fn send(&self, batch: &[Held<Datum>]) -> Verdict {
        let data = batch.iter().map(|held| self.datum(&held.item)).collect();
        match self.client.put_metric_data().namespace(&self.namespace).set_metric_data(Some(data)).send().await {
            Ok(_) => {
                self.refusals.accepted(OPERATION, &self.namespace);
                Verdict::Accepted
            }
            Err(error) => self.refusals.refused(OPERATION, &self.namespace, &Refusal::of_sdk(&error)),
        }
    }
}
