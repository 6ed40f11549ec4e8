//! [`Agent`]: binds the ports, starts the three lines, drains them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use telemetry_delivery::{
    AffineBatcher, Backoff, BatchLimits, Drain, DrainSignal, Keeper, Ledger, LedgerSnapshot, Pump, PumpSettings, Queue,
};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::DAEMON_LINES;
use crate::aws::AwsError;
use crate::config::Config;
use crate::health::{Vitals, health_routes};
use crate::intake::{IntakeCounters, RawSegment, posted_routes, receive_segments};
use crate::losses::tell_losses;
use crate::memory;
use crate::metrics::{Aggregator, Datum, PutMetricData, StatsdCounters, flush_each_interval, receive_lines};
use crate::ports::{Addresses, Ports, StartError};
use crate::spool::{self, Way};
use crate::traces::{Failures, Proxy, PutTraceSegments, TelemetrySources, proxy_routes, send_telemetry};

/// Segments are of use for a week; X-Ray takes them for longer, but nobody looks.
const SEGMENT_AGE: Duration = Duration::from_secs(7 * 86_400);
/// CloudWatch takes data of two weeks.
const DATUM_AGE: Duration = Duration::from_secs(13 * 86_400);
/// Bytes of metric data that may wait.
const DATA_BYTES: usize = 32 << 20;

/// A running agent.
#[derive(Debug)]
pub struct Agent {
    addresses: Addresses,
    drain: Drain,
    receivers: JoinSet<()>,
    lines: JoinSet<()>,
    ledgers: Vec<(&'static str, Arc<Ledger>)>,
    keeper: Option<Keeper<RawSegment>>,
}

impl Agent {
    /// Binds the ports and starts. Nothing is sent before something arrives.
    ///
    /// # Errors
    /// When a port is taken, naming it.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let ports = Ports::bind(&config).await?;
        let addresses = ports.addresses().map_err(StartError::Addresses)?;
        let aws = config.aws.load().await?;
        let proxy = Proxy::new(aws.clone(), &config.aws).map_err(AwsError::from)?;
        let (drain, signal) = Drain::new();
        let mut agent = Self { addresses, drain, receivers: JoinSet::new(), lines: JoinSet::new(), ledgers: Vec::new(), keeper: None };
        let (intake, segments) = agent.start_traces(&config, &aws, ports.udp, &signal)?;
        let statsd = ports.statsd.map(|socket| agent.start_metrics(&config, &aws, socket, &signal)).unwrap_or_default();
        #[cfg(feature = "logs")]
        agent.start_logs(&config, &aws, &signal)?;
        let udp_ports = [Some(addresses.udp), addresses.statsd].into_iter().flatten().map(|address| address.port()).collect();
        let vitals = Arc::new(Vitals { intake, statsd, ledgers: agent.ledgers.clone(), udp_ports });
        let routes = proxy_routes(proxy, posted_routes(segments, Arc::clone(&vitals.intake)));
        #[cfg(unix)]
        if let Some(socket) = ports.socket {
            agent.serve(socket, routes.clone());
        }
        agent.serve(ports.tcp, routes);
        if let Some(listener) = ports.health {
            agent.serve(listener, health_routes(vitals));
        }
        agent.receivers.spawn(tell_losses(agent.ledgers.clone()));
        Ok(agent)
    }

    /// Where it listens.
    #[must_use]
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// What became of everything that arrived, by signal: `traces`, `metrics`, `logs`.
    #[must_use]
    pub fn ledgers(&self) -> Vec<(&'static str, LedgerSnapshot)> {
        self.ledgers.iter().map(|(signal, ledger)| (*signal, ledger.snapshot())).collect()
    }

    /// The same, to look at later.
    #[must_use]
    pub fn live_ledgers(&self) -> Vec<(&'static str, Arc<Ledger>)> {
        self.ledgers.clone()
    }

    /// Stops receiving, sends what is held for at most `within`, leaves the rest to the spool, and gives the final ledgers.
    pub async fn drain(mut self, within: Duration) -> Vec<(&'static str, LedgerSnapshot)> {
        self.receivers.shutdown().await;
        self.drain.begin(Instant::now() + within);
        while self.lines.join_next().await.is_some() {}
        if let Some(keeper) = self.keeper.take() {
            let closed = tokio::task::spawn_blocking(|| keeper.close()).await;
            if let Err(error) = closed.unwrap_or_else(|error| Err(error.into())) {
                tracing::error!(%error, "the spool did not end in order");
            }
        }
        self.ledgers()
    }

    fn start_traces(
        &mut self,
        config: &Config,
        aws: &aws_config::SdkConfig,
        socket: UdpSocket,
        drain: &DrainSignal,
    ) -> Result<(Arc<IntakeCounters>, Arc<Queue<RawSegment>>), StartError> {
        let ledger = self.ledger("traces");
        let memory = memory::room_for(config.traces.memory);
        tracing::info!(target: DAEMON_LINES, "Using buffer memory limit of {} MB", memory >> 20);
        let Way { queue, keeper, dead_letters } = spool::open(&config.traces, memory, &ledger)?;
        self.keeper = keeper;
        let counters = Arc::new(IntakeCounters::default());
        self.receivers.spawn(receive_segments(socket, Arc::clone(&queue), Arc::clone(&counters)));
        let limits = BatchLimits { items: PutTraceSegments::BATCH, bytes: PutTraceSegments::BYTES, linger: Duration::from_secs(1) };
        let (client, failures) = (aws_sdk_xray::Client::new(aws), Arc::new(Failures::default()));
        let destination = Arc::new(PutTraceSegments::new(client.clone(), Arc::clone(&failures), dead_letters));
        let settings = PumpSettings {
            concurrency: config.traces.concurrency,
            backoff: Backoff::new(Duration::from_millis(100), Duration::from_secs(10)),
            max_age: SEGMENT_AGE,
        };
        self.receivers.spawn(send_telemetry(TelemetrySources {
            client,
            intake: Arc::clone(&counters),
            ledger: Arc::clone(&ledger),
            failures,
            resource_arn: config.traces.resource_arn.clone(),
            is_local: config.aws.local_mode || config.aws.is_local,
        }));
        let pump = Pump::new(Arc::clone(&queue), AffineBatcher::new(limits), destination, settings, ledger);
        self.lines.spawn(pump.run(drain.clone()));
        Ok((counters, queue))
    }

    fn start_metrics(
        &mut self,
        config: &Config,
        aws: &aws_config::SdkConfig,
        socket: UdpSocket,
        drain: &DrainSignal,
    ) -> Arc<StatsdCounters> {
        let ledger = self.ledger("metrics");
        let queue: Arc<Queue<Datum>> = Queue::new(DATA_BYTES, Arc::clone(&ledger));
        let counters = Arc::new(StatsdCounters::default());
        let metrics = &config.metrics;
        let aggregator = Arc::new(Mutex::new(Aggregator::new(metrics.dimensions.clone(), metrics.max_series)));
        self.receivers.spawn(receive_lines(socket, Arc::clone(&aggregator), Arc::clone(&counters)));
        let flush = flush_each_interval(metrics.interval, aggregator, Arc::clone(&queue), Arc::clone(&counters), drain.clone());
        let limits = BatchLimits { items: PutMetricData::BATCH, bytes: PutMetricData::BYTES, linger: Duration::from_millis(200) };
        let client = aws_sdk_cloudwatch::Client::new(aws);
        let destination = Arc::new(PutMetricData::new(client, metrics.namespace.clone(), metrics.interval));
        let settings =
            PumpSettings { concurrency: 2, backoff: Backoff::new(Duration::from_secs(1), Duration::from_secs(30)), max_age: DATUM_AGE };
        let pump = Pump::new(queue, AffineBatcher::new(limits), destination, settings, ledger);
        let drain = drain.clone();
        self.lines.spawn(async move {
            // The last interval has to be in the queue before the pump is told to empty it.
            let (pump_drain, pump_signal) = Drain::new();
            let pump = tokio::spawn(pump.run(pump_signal));
            flush.await;
            pump_drain.begin(drain.deadline().unwrap_or_else(Instant::now));
            if let Err(error) = pump.await {
                tracing::error!(%error, "the delivery of metrics ended badly");
            }
        });
        counters
    }

    #[cfg(feature = "logs")]
    fn start_logs(&mut self, config: &Config, aws: &aws_config::SdkConfig, drain: &DrainSignal) -> Result<(), StartError> {
        if config.logs.files.is_empty() {
            return Ok(());
        }
        let ledger = self.ledger("logs");
        let sources = config
            .logs
            .files
            .iter()
            .map(|files| log_shipper::Source::new(files.paths.clone(), &files.group, files.stream.as_deref()))
            .collect();
        let state = config.logs.state.clone().unwrap_or_else(|| "/var/lib/metrics-agent/logs".into());
        let shipper = log_shipper::Shipper::open(log_shipper::Settings::new(sources, state), aws, ledger)?;
        self.lines.spawn(shipper.run(drain.clone()));
        Ok(())
    }

    fn ledger(&mut self, signal: &'static str) -> Arc<Ledger> {
        let ledger = Arc::new(Ledger::default());
        self.ledgers.push((signal, Arc::clone(&ledger)));
        ledger
    }

    fn serve<L: axum::serve::Listener>(&mut self, listener: L, routes: axum::Router)
    where
        L::Addr: std::fmt::Debug,
    {
        self.receivers.spawn(async move {
            if let Err(error) = axum::serve(listener, routes).await {
                tracing::error!(%error, "a port stopped serving");
            }
        });
    }
}
