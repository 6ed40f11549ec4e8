//! [`Agent`]: binds the ports, starts the three lines, drains them.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use telemetry_delivery::{AffineBatcher, Backoff, BatchLimits, Drain, DrainSignal, Ledger, LedgerSnapshot, Pump, PumpSettings, Queue};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::config::Config;
use crate::health::{Vitals, health_routes};
use crate::intake::{IntakeCounters, RawSegment, posted_routes, receive_segments};
use crate::metrics::{Aggregator, Datum, PutMetricData, StatsdCounters, flush_each_interval, receive_lines};
use crate::traces::{Proxy, PutTraceSegments, proxy_routes};

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
}

/// Where an agent listens; with port 0 in the configuration these are the ports that the system gave.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Addresses {
    /// X-Ray documents.
    pub udp: SocketAddr,
    /// Sampling rules.
    pub tcp: SocketAddr,
    /// StatsD.
    pub statsd: SocketAddr,
    /// Health.
    pub health: SocketAddr,
}

/// Why an agent did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A port is taken, or not ours to take.
    #[error("{what}: cannot listen on {address}: {error}; set another with `{setting}`")]
    Listen {
        /// What the port is for.
        what: &'static str,
        /// Where.
        address: SocketAddr,
        /// The field of the configuration.
        setting: &'static str,
        /// The system's error.
        error: io::Error,
    },
    /// The socket cannot be made.
    #[error("X-Ray documents: cannot listen on {path}: {error}; set another with `traces.socket`")]
    Socket {
        /// Where.
        path: std::path::PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// The shipper did not start.
    #[cfg(feature = "logs")]
    #[error(transparent)]
    Logs(#[from] log_shipper::StartError),
}

struct Ports {
    udp: UdpSocket,
    tcp: TcpListener,
    statsd: UdpSocket,
    health: TcpListener,
    #[cfg(unix)]
    socket: Option<tokio::net::UnixListener>,
}

impl Ports {
    /// Binds all or none.
    async fn bind(config: &Config) -> Result<Self, StartError> {
        Ok(Self {
            udp: bind_udp("X-Ray documents", config.traces.udp, "traces.udp")?,
            tcp: bind_tcp("sampling rules", config.traces.tcp, "traces.tcp").await?,
            statsd: bind_udp("StatsD", config.metrics.statsd, "metrics.statsd")?,
            health: bind_tcp("health", config.health.listen, "health.listen").await?,
            #[cfg(unix)]
            socket: config.traces.socket.as_deref().map(bind_socket).transpose()?,
        })
    }

    fn addresses(&self) -> io::Result<Addresses> {
        Ok(Addresses {
            udp: self.udp.local_addr()?,
            tcp: self.tcp.local_addr()?,
            statsd: self.statsd.local_addr()?,
            health: self.health.local_addr()?,
        })
    }
}

/// Asks for a larger buffer than the usual 208 kB, which holds three documents of 60 kB. The system may give less.
fn bind_udp(what: &'static str, address: SocketAddr, setting: &'static str) -> Result<UdpSocket, StartError> {
    const RECEIVE_BUFFER: usize = 8 << 20;
    let bind = || {
        let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::DGRAM, None)?;
        socket.set_nonblocking(true)?;
        if let Err(error) = socket.set_recv_buffer_size(RECEIVE_BUFFER) {
            tracing::debug!(%error, "the receive buffer stays as it is");
        }
        socket.bind(&address.into())?;
        UdpSocket::from_std(socket.into())
    };
    bind().map_err(|error| StartError::Listen { what, address, setting, error })
}

/// A socket that a killed agent left behind is in the way; one that answers belongs to an agent that runs.
#[cfg(unix)]
fn bind_socket(path: &std::path::Path) -> Result<tokio::net::UnixListener, StartError> {
    let failed = |error| StartError::Socket { path: path.to_owned(), error };
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(failed(io::ErrorKind::AddrInUse.into()));
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    tokio::net::UnixListener::bind(path).map_err(failed)
}

async fn bind_tcp(what: &'static str, address: SocketAddr, setting: &'static str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| StartError::Listen { what, address, setting, error })
}

impl Agent {
    /// Binds the ports and starts. Nothing is sent before something arrives.
    ///
    /// # Errors
    /// When a port is taken, naming it.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let ports = Ports::bind(&config).await?;
        let addresses = ports.addresses().map_err(|error| listen_error(&config, error))?;
        let aws = config.aws.load().await;
        let (drain, signal) = Drain::new();
        let mut agent = Self { addresses, drain, receivers: JoinSet::new(), lines: JoinSet::new(), ledgers: Vec::new() };
        let (intake, segments) = agent.start_traces(&config, &aws, ports.udp, &signal);
        let statsd = agent.start_metrics(&config, &aws, ports.statsd, &signal);
        #[cfg(feature = "logs")]
        agent.start_logs(&config, &aws, &signal)?;
        let udp_ports = vec![addresses.udp.port(), addresses.statsd.port()];
        let vitals = Arc::new(Vitals { intake, statsd, ledgers: agent.ledgers.clone(), udp_ports });
        let routes = proxy_routes(Proxy::new(aws), posted_routes(segments, Arc::clone(&vitals.intake)));
        #[cfg(unix)]
        if let Some(socket) = ports.socket {
            agent.serve(socket, routes.clone());
        }
        agent.serve(ports.tcp, routes);
        agent.serve(ports.health, health_routes(vitals));
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

    /// Stops receiving, sends what is held for at most `within`, and gives the final ledgers.
    pub async fn drain(mut self, within: Duration) -> Vec<(&'static str, LedgerSnapshot)> {
        self.receivers.shutdown().await;
        self.drain.begin(Instant::now() + within);
        while self.lines.join_next().await.is_some() {}
        self.ledgers()
    }

    fn start_traces(
        &mut self,
        config: &Config,
        aws: &aws_config::SdkConfig,
        socket: UdpSocket,
        drain: &DrainSignal,
    ) -> (Arc<IntakeCounters>, Arc<Queue<RawSegment>>) {
        let ledger = self.ledger("traces");
        let queue: Arc<Queue<RawSegment>> = Queue::new(config.traces.memory << 20, Arc::clone(&ledger));
        let counters = Arc::new(IntakeCounters::default());
        self.receivers.spawn(receive_segments(socket, Arc::clone(&queue), Arc::clone(&counters)));
        let limits = BatchLimits { items: PutTraceSegments::BATCH, bytes: PutTraceSegments::BYTES, linger: Duration::from_secs(1) };
        let destination = Arc::new(PutTraceSegments::new(aws_sdk_xray::Client::new(aws)));
        let settings = PumpSettings {
            concurrency: config.traces.concurrency,
            backoff: Backoff::new(Duration::from_millis(100), Duration::from_secs(10)),
            max_age: SEGMENT_AGE,
        };
        let pump = Pump::new(Arc::clone(&queue), AffineBatcher::new(limits), destination, settings, ledger);
        self.lines.spawn(pump.run(drain.clone()));
        (counters, queue)
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

fn listen_error(config: &Config, error: io::Error) -> StartError {
    StartError::Listen { what: "X-Ray documents", address: config.traces.udp, setting: "traces.udp", error }
}
