//! Sends batches with PutMetricData.

use std::sync::Arc;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit};
use aws_smithy_types::DateTime;
use telemetry_aws::{Refusal, Refusals};
use telemetry_delivery::{Destination, Held, LossReason, Outcome, Verdict};

use super::datum::{Datum, Unit, Values};

/// The destination of metrics.
#[derive(Debug)]
pub(crate) struct PutMetricData {
    client: Client,
    refusals: Refusals,
}

/// As policies call it.
const OPERATION: &str = "cloudwatch:PutMetricData";

impl PutMetricData {
    /// Data per call that the service takes.
    pub(crate) const BATCH: usize = 1_000;
    /// Bytes per call that the service takes, before compression, less what the request has beside the data.
    pub(crate) const BYTES: usize = 1_000_000 - 4_096;

    pub(crate) fn new(client: Client) -> Self {
        Self { client, refusals: Refusals::default() }
    }
}

fn input_of(datum: &Datum) -> MetricDatum {
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
        .storage_resolution(datum.resolution);
    match &datum.values {
        Values::One(value) => builder.value(*value).build(),
        Values::Counted(values) => {
            let (values, counts) = values.iter().copied().unzip();
            builder.set_values(Some(values)).set_counts(Some(counts)).build()
        }
    }
}

impl Destination<Datum> for PutMetricData {
    async fn send(&self, batch: &[Held<Datum>]) -> Verdict {
        let Some(namespace) = batch.first().map(|held| Arc::clone(&held.item.namespace)) else { return Verdict::Accepted };
        let data = batch.iter().map(|held| input_of(&held.item)).collect();
        match self.client.put_metric_data().namespace(&*namespace).set_metric_data(Some(data)).send().await {
            Ok(_) => {
                self.refusals.accepted(OPERATION, &namespace);
                Verdict::Accepted
            }
            Err(error) => self.refusals.refused(OPERATION, &namespace, &Refusal::of_sdk(&error)),
        }
    }

    fn ended(&self, datum: &Datum, outcome: Outcome) {
        if outcome == Outcome::Lost(LossReason::POISON) {
            tracing::error!(metric = datum.name, dimensions = ?datum.dimensions, "CloudWatch refuses this metric; its value is lost");
        }
    }
}
