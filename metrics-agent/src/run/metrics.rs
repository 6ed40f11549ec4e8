//! [`MetricsLine`]: from StatsD to PutMetricData.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use telemetry_delivery::{Backoff, BatchLimits, Drain, Keeper, Ledger, Pump, PumpSettings, Queue};
use tokio::task::JoinSet;

use crate::clock::now;
use crate::config::{Config, MetricsConfig};
use crate::metrics::{
    Aggregator, AggregatorSettings, Datum, DatumBatcher, PutMetricData, StatsdCounters, StatsdFlush, StatsdIntake, flush_each_interval,
};
use crate::ports::StartError;
use crate::spool;

/// CloudWatch takes data of two weeks.
const DATUM_AGE: Duration = Duration::from_secs(13 * 86_400);
/// Bytes of metric data that may wait in memory.
const DATA_BYTES: usize = 32 << 20;

/// The metrics pipeline, which stays while configurations change.
#[derive(Debug)]
pub(super) struct MetricsLine {
    aggregator: Arc<Mutex<Aggregator>>,
    pub(super) counters: Arc<StatsdCounters>,
    queue: Arc<Queue<Datum>>,
    flush: Arc<StatsdFlush>,
    keeper: Option<Keeper<Datum>>,
    ledger: Arc<Ledger>,
}

impl MetricsLine {
    /// Opens the spool; nothing is sent yet.
    pub(super) fn open(config: &Config, ledger: Arc<Ledger>) -> Result<Self, StartError> {
        let aggregator = Arc::new(Mutex::new(Aggregator::new(settings(&config.metrics), now())));
        let (queue, keeper) = spool::open_for_metrics(&config.traces, DATA_BYTES, &ledger)?;
        let flush = Arc::new(StatsdFlush::new(Arc::clone(&aggregator), Arc::clone(&queue), Arc::clone(&ledger)));
        Ok(Self { aggregator, counters: Arc::default(), queue, flush, keeper, ledger })
    }

    /// Returns the receiver of lines.
    pub(super) fn intake(&self) -> StatsdIntake {
        StatsdIntake::new(Arc::clone(&self.aggregator), Arc::clone(&self.counters), Arc::clone(&self.ledger))
    }

    /// Sends as the configuration says, until the drain; what waits goes there too.
    pub(super) fn send(&self, metrics: &MetricsConfig, aws: &SdkConfig, tasks: &mut JoinSet<()>) -> Drain {
        self.aggregator.lock().unwrap_or_else(PoisonError::into_inner).configure(settings(metrics));
        let limits = BatchLimits { items: PutMetricData::BATCH, bytes: PutMetricData::BYTES, linger: Duration::from_millis(200) };
        let destination = Arc::new(PutMetricData::new(aws_sdk_cloudwatch::Client::new(aws)));
        let settings =
            PumpSettings { concurrency: 2, backoff: Backoff::new(Duration::from_secs(1), Duration::from_secs(30)), max_age: DATUM_AGE };
        let pump = Pump::new(Arc::clone(&self.queue), DatumBatcher::new(limits), destination, settings, Arc::clone(&self.ledger));
        let (drain, signal) = Drain::new();
        let flush = flush_each_interval(metrics.interval, Arc::clone(&self.flush), signal.clone());
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

    /// Ends the spool, when the pump has ended.
    pub(super) async fn close(&mut self) {
        spool::close(self.keeper.take()).await;
    }
}

/// Intervals below a minute are high-resolution.
fn settings(metrics: &MetricsConfig) -> AggregatorSettings {
    let (namespace, dimensions) = (metrics.namespace.as_str().into(), metrics.dimensions.clone());
    AggregatorSettings { namespace, dimensions, max_series: metrics.max_series, resolution: if metrics.interval < 60 { 1 } else { 60 } }
}
