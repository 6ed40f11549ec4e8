//! [`TracesLine`]: from UDP 2000 and OpenTelemetry's ports to X-Ray or a collector.

use std::sync::Arc;
use std::time::Duration;

use telemetry_delivery::{AffineBatcher, Backoff, BatchLimits, Drain, Keeper, Ledger, Pump, PumpSettings, Queue};
use tokio::task::{AbortHandle, JoinSet};

use crate::DAEMON_LINES;
use crate::config::Config;
use crate::dead_letters::DeadLetters;
use crate::intake::{IntakeCounters, RawSegment};
use crate::memory;
use crate::otlp_settings::TracesTo;
use crate::ports::StartError;
use crate::spool::{self, Way};
use crate::traces::{Failures, PutTraceSegments, TelemetrySources, TraceDestination, send_telemetry};
use telemetry_aws::Aws;

/// Segments are of use for a week; X-Ray takes them for longer, but nobody looks.
const SEGMENT_AGE: Duration = Duration::from_secs(7 * 86_400);

/// What stays while configurations change.
#[derive(Debug)]
pub(super) struct TracesLine {
    pub(super) queue: Arc<Queue<RawSegment>>,
    pub(super) counters: Arc<IntakeCounters>,
    keeper: Option<Keeper<RawSegment>>,
    dead_letters: Option<Arc<DeadLetters>>,
    ledger: Arc<Ledger>,
    pub(super) failures: Arc<Failures>,
    telemetry: Option<AbortHandle>,
}

impl TracesLine {
    /// Opens the spool; nothing is sent yet.
    pub(super) fn open(config: &Config, ledger: Arc<Ledger>) -> Result<Self, StartError> {
        let memory = memory::room_for(config.traces.memory);
        tracing::info!(target: DAEMON_LINES, "Using buffer memory limit of {} MB", memory >> 20);
        let Way { queue, keeper, dead_letters } = spool::open(&config.traces, memory, &ledger)?;
        let dead_letters = dead_letters.map(Arc::new);
        Ok(Self { queue, counters: Arc::default(), keeper, dead_letters, ledger, failures: Arc::default(), telemetry: None })
    }

    /// Sends as the configuration says, until the drain.
    pub(super) fn send(&mut self, config: &Config, aws: &Aws, tasks: &mut JoinSet<()>) -> Drain {
        let limits = BatchLimits { items: PutTraceSegments::BATCH, bytes: PutTraceSegments::BYTES, linger: Duration::from_secs(1) };
        let destination = Arc::new(TraceDestination::new(config, aws, &self.failures, self.dead_letters.clone()));
        let settings = PumpSettings {
            concurrency: config.traces.concurrency,
            backoff: Backoff::new(Duration::from_millis(100), Duration::from_secs(10)),
            max_age: SEGMENT_AGE,
        };
        self.tell(config, aws, tasks);
        let pump = Pump::new(Arc::clone(&self.queue), AffineBatcher::new(limits), destination, settings, Arc::clone(&self.ledger));
        let (drain, signal) = Drain::new();
        tasks.spawn(pump.run(signal));
        drain
    }

    /// Telemetry to X-Ray, in the place of that of another configuration.
    fn tell(&mut self, config: &Config, aws: &Aws, tasks: &mut JoinSet<()>) {
        self.stop_telling();
        if config.traces.to != TracesTo::Xray {
            return;
        }
        let sources = TelemetrySources {
            xray: Arc::clone(&aws.xray),
            intake: Arc::clone(&self.counters),
            ledger: Arc::clone(&self.ledger),
            failures: Arc::clone(&self.failures),
            resource_arn: config.traces.resource_arn.clone(),
            is_local: config.aws.local_mode || config.aws.is_local,
        };
        self.telemetry = Some(tasks.spawn(send_telemetry(sources)));
    }

    /// Changes what may be held.
    pub(super) fn resize(&self, config: &Config) {
        self.queue.set_limit(memory::room_for(config.traces.memory));
        if let Some(keeper) = &self.keeper {
            let (bytes, share) = spool::quota(&config.traces);
            keeper.set_quota(bytes, share);
        }
    }

    /// Telemetry is sent while there is something to come.
    pub(super) fn stop_telling(&mut self) {
        if let Some(telemetry) = self.telemetry.take() {
            telemetry.abort();
        }
    }

    /// Ends the spool, when the pump has ended.
    pub(super) async fn close(&mut self) {
        spool::close(self.keeper.take()).await;
    }
}
