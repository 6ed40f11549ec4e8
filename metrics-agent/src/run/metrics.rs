//! [`MetricsLine`]: from StatsD to PutMetricData.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use telemetry_delivery::{AffineBatcher, Backoff, BatchLimits, Drain, Ledger, Pump, PumpSettings, Queue};
use tokio::task::JoinSet;

use crate::config::MetricsConfig;
use crate::metrics::{Aggregator, Datum, PutMetricData, StatsdCounters, flush_each_interval};

/// CloudWatch takes data of two weeks.
const DATUM_AGE: Duration = Duration::from_secs(13 * 86_400);
/// Bytes of metric data that may wait.
const DATA_BYTES: usize = 32 << 20;

/// What stays while configurations change.
#[derive(Debug)]
pub(super) struct MetricsLine {
    pub(super) aggregator: Arc<Mutex<Aggregator>>,
    pub(super) counters: Arc<StatsdCounters>,
    queue: Arc<Queue<Datum>>,
    ledger: Arc<Ledger>,
}

impl MetricsLine {
    /// Nothing is sent yet.
    pub(super) fn new(metrics: &MetricsConfig, ledger: Arc<Ledger>) -> Self {
        let aggregator = Arc::new(Mutex::new(Aggregator::new(metrics.dimensions.clone(), metrics.max_series)));
        Self { aggregator, counters: Arc::default(), queue: Queue::new(DATA_BYTES, Arc::clone(&ledger)), ledger }
    }

    /// Sends as the configuration says, until the drain; what waits goes there too.
    pub(super) fn send(&self, metrics: &MetricsConfig, aws: &SdkConfig, tasks: &mut JoinSet<()>) -> Drain {
        let mut aggregator = self.aggregator.lock().unwrap_or_else(PoisonError::into_inner);
        aggregator.configure(metrics.dimensions.clone(), metrics.max_series);
        drop(aggregator);
        let limits = BatchLimits { items: PutMetricData::BATCH, bytes: PutMetricData::BYTES, linger: Duration::from_millis(200) };
        let client = aws_sdk_cloudwatch::Client::new(aws);
        let destination = Arc::new(PutMetricData::new(client, metrics.namespace.clone(), metrics.interval));
        let settings =
            PumpSettings { concurrency: 2, backoff: Backoff::new(Duration::from_secs(1), Duration::from_secs(30)), max_age: DATUM_AGE };
        let pump = Pump::new(Arc::clone(&self.queue), AffineBatcher::new(limits), destination, settings, Arc::clone(&self.ledger));
        let (drain, signal) = Drain::new();
        let (aggregator, queue, counters) = (Arc::clone(&self.aggregator), Arc::clone(&self.queue), Arc::clone(&self.counters));
        let flush = flush_each_interval(metrics.interval, aggregator, queue, counters, signal.clone());
        tasks.spawn(async move {
            // The last interval has to be in the queue before the pump is told to empty it.
            let (pump_drain, pump_signal) = Drain::new();
            let pump = tokio::spawn(pump.run(pump_signal));
            flush.await;
            match signal.deadline() {
                Some(deadline) => pump_drain.begin(deadline),
                None => pump_drain.hand_over(),
            }
            if let Err(error) = pump.await {
                tracing::error!(%error, "the delivery of metrics ended badly");
            }
        });
        drain
    }
}
