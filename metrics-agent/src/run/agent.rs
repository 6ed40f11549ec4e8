//! [`Agent`]: binds the ports, starts the three lines, changes and drains them.

use std::sync::Arc;
use std::time::Duration;

use telemetry_aws::Aws;
use telemetry_delivery::{Drain, Ledger, LedgerSnapshot};
#[cfg(feature = "otlp")]
use telemetry_serve::serve_either;
use telemetry_serve::{Limits, serve};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

#[cfg(feature = "logs")]
use super::logs::LogsLine;
use super::metrics::MetricsLine;
use super::restart::keep_fixed;
use super::traces::TracesLine;
use crate::config::Config;
use crate::delivering::Delivering;
use crate::descriptors;
use crate::health::{Vitals, health_routes};
#[cfg(feature = "otlp")]
use crate::intake::{SpanTaker, otlp_routes};
use crate::intake::{posted_routes, receive_segments};
use crate::losses::tell_losses;
use crate::ports::{Addresses, Ports, StartError};
use crate::traces::{Proxy, proxy_routes};

/// A running agent.
#[derive(Debug)]
pub struct Agent {
    config: Config,
    aws: Aws,
    addresses: Addresses,
    receivers: JoinSet<()>,
    /// What sends, and its drains: those of configurations that were in force before too, whose last calls may be under way.
    senders: JoinSet<()>,
    drains: Vec<Drain>,
    ledgers: Vec<(&'static str, Arc<Ledger>)>,
    proxy: watch::Sender<Arc<Proxy>>,
    traces: TracesLine,
    metrics: Option<MetricsLine>,
    #[cfg(feature = "otlp")]
    spans: Arc<SpanTaker>,
    #[cfg(feature = "logs")]
    logs: LogsLine,
}

impl Agent {
    /// Binds the ports and starts. Nothing is sent before something arrives.
    ///
    /// # Errors
    /// When a port is taken, naming it.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        descriptors::raise_limit();
        let ports = Ports::bind(&config).await?;
        let addresses = ports.addresses().map_err(StartError::Addresses)?;
        let aws = Aws::load(&config.aws).await?;
        let proxy = watch::Sender::new(Proxy::new(&aws, &config.traces.forward));
        let mut ledgers = Vec::new();
        let traces = TracesLine::open(&config, ledger(&mut ledgers, "traces"))?;
        let metrics = if config.metrics.enabled { Some(MetricsLine::open(&config, ledger(&mut ledgers, "metrics"))?) } else { None };
        let mut agent = Self {
            #[cfg(feature = "otlp")]
            spans: SpanTaker::new(Arc::clone(&traces.queue), Arc::clone(&traces.counters), &config),
            #[cfg(feature = "logs")]
            logs: LogsLine::new(ledger(&mut ledgers, "logs")),
            config,
            aws,
            addresses,
            receivers: JoinSet::new(),
            senders: JoinSet::new(),
            drains: Vec::new(),
            ledgers,
            proxy,
            traces,
            metrics,
        };
        #[cfg(feature = "logs")]
        agent.logs.ship(&agent.config.logs, &agent.aws.config).await?;
        agent.send();
        agent.receive(ports);
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

    /// Goes on with another configuration: the ports stay open, and what is held is sent as the new one says. Gives the names of the
    /// settings that need a restart and stay as they are.
    ///
    /// # Errors
    /// When the new one cannot be used; the agent then goes on as before.
    pub async fn reload(&mut self, mut config: Config) -> Result<Vec<&'static str>, StartError> {
        let kept = keep_fixed(&self.config, &mut config);
        if config == self.config {
            return Ok(kept);
        }
        let is_elsewhere = config.aws != self.config.aws;
        let aws = if is_elsewhere { Aws::load(&config.aws).await? } else { self.aws.clone() };
        #[cfg(feature = "logs")]
        if is_elsewhere || config.logs != self.config.logs {
            self.logs.ship(&config.logs, &aws.config).await?;
        }
        if is_elsewhere || config.traces.forward != self.config.traces.forward {
            self.proxy.send_replace(Proxy::new(&aws, &config.traces.forward));
        }
        (self.config, self.aws) = (config, aws);
        self.traces.resize(&self.config);
        #[cfg(feature = "otlp")]
        self.spans.follow(&self.config);
        let before = self.drains.len();
        self.send();
        self.drains[..before].iter().for_each(Drain::hand_over);
        Ok(kept)
    }

    /// Stops receiving, sends what is held for at most `within`, leaves the rest to the spool, and gives the final ledgers.
    pub async fn drain(mut self, within: Duration) -> Vec<(&'static str, LedgerSnapshot)> {
        let deadline = Instant::now() + within;
        self.receivers.shutdown().await;
        self.drains.iter().for_each(|drain| drain.begin(deadline));
        self.traces.stop_telling();
        #[cfg(feature = "logs")]
        self.logs.end(deadline).await;
        while self.senders.join_next().await.is_some() {}
        self.traces.close().await;
        if let Some(metrics) = &mut self.metrics {
            metrics.close().await;
        }
        self.ledgers()
    }

    /// Sends traces and metrics as the configuration says.
    fn send(&mut self) {
        self.drains.push(self.traces.send(&self.config, &self.aws, &mut self.senders));
        let metrics = self.metrics.as_ref();
        self.drains.extend(metrics.map(|line| line.send(&self.config.metrics, &self.aws.config, &mut self.senders)));
    }

    fn receive(&mut self, ports: Ports) {
        let intake = Arc::clone(&self.traces.counters);
        self.receivers.spawn(receive_segments(ports.udp, Arc::clone(&self.traces.queue), Arc::clone(&intake)));
        if let (Some(line), Some(socket)) = (&self.metrics, ports.statsd) {
            self.receivers.spawn(line.intake().receive(socket));
        }
        let documents = posted_routes(Arc::clone(&self.traces.queue), Arc::clone(&intake));
        let routes = proxy_routes(self.proxy.subscribe(), documents);
        #[cfg(unix)]
        if let Some(socket) = ports.socket {
            self.receivers.spawn(serve(Limits::default(), socket, routes.clone()));
        }
        self.receivers.spawn(serve(Limits::default(), ports.tcp, routes));
        #[cfg(feature = "otlp")]
        for listener in [ports.otlp_http, ports.otlp_grpc].into_iter().flatten() {
            self.receivers.spawn(serve_either(Limits::default(), listener, otlp_routes(Arc::clone(&self.spans))));
        }
        if let Some(listener) = ports.health {
            let statsd = self.metrics.as_ref().map(|line| Arc::clone(&line.counters)).unwrap_or_default();
            let udp_ports = [Some(self.addresses.udp), self.addresses.statsd].into_iter().flatten().map(|address| address.port()).collect();
            let failures = Arc::clone(&self.traces.failures);
            let within = Duration::from_secs(self.config.health.delivering_within);
            let delivering = Delivering::new(self.ledgers.clone(), within);
            self.receivers.spawn(Arc::clone(&delivering).watch());
            let vitals = Vitals { intake, statsd, failures, ledgers: self.ledgers.clone(), udp_ports, delivering };
            self.receivers.spawn(serve(
                Limits::default(),
                listener,
                health_routes(Arc::new(vitals), self.config.health.listen.ip().is_loopback()),
            ));
        }
        self.receivers.spawn(tell_losses(self.ledgers.clone()));
    }
}

fn ledger(ledgers: &mut Vec<(&'static str, Arc<Ledger>)>, signal: &'static str) -> Arc<Ledger> {
    let ledger = Arc::new(Ledger::default());
    ledgers.push((signal, Arc::clone(&ledger)));
    ledger
}
