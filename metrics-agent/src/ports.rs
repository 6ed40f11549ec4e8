//! [`Ports`]: all of them are bound, or none, before anything starts.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use rustix::net::sockopt::set_socket_recv_buffer_size_force;
use tokio::net::TcpListener;

use crate::config::{Config, TracesConfig};
use crate::otlp_settings::OtlpConfig;
use telemetry_aws::AwsError;

/// Where an agent listens; with port 0 in the configuration these are the ports that the system gave.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Addresses {
    /// X-Ray documents.
    pub udp: SocketAddr,
    /// Sampling rules.
    pub tcp: SocketAddr,
    /// StatsD, if it is on.
    pub statsd: Option<SocketAddr>,
    /// Health, if it could be opened.
    pub health: Option<SocketAddr>,
    /// OpenTelemetry's spans by HTTP, if it is on.
    pub otlp_http: Option<SocketAddr>,
    /// OpenTelemetry's spans by gRPC, if it is on.
    pub otlp_grpc: Option<SocketAddr>,
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
    /// The system does not say where the ports are.
    #[error("the ports that were opened have no addresses: {0}")]
    Addresses(#[source] io::Error),
    /// The socket cannot be made.
    #[error("X-Ray documents: cannot listen on {path}: {error}; set another with `traces.socket`")]
    Socket {
        /// Where.
        path: std::path::PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// No region, or no HTTPS.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// The spool cannot be used.
    #[error("the spool: {0}; set another with `traces.spool_folder`, or `traces.spool = \"off\"`")]
    Spool(#[from] telemetry_delivery::SpoolError),
    /// The shipper did not start.
    #[cfg(feature = "logs")]
    #[error(transparent)]
    Logs(#[from] log_shipper::StartError),
}

/// The open ports.
pub(crate) struct Ports {
    pub(crate) udp: UdpSocket,
    pub(crate) tcp: TcpListener,
    pub(crate) statsd: Option<UdpSocket>,
    pub(crate) health: Option<TcpListener>,
    pub(crate) otlp_http: Option<TcpListener>,
    pub(crate) otlp_grpc: Option<TcpListener>,
    #[cfg(unix)]
    pub(crate) socket: Option<tokio::net::UnixListener>,
}

impl Ports {
    /// Binds all or none.
    pub(crate) async fn bind(config: &Config) -> Result<Self, StartError> {
        let (health, otlp) = (&config.health, config.otlp.is_on().then_some(&config.otlp));
        let otlp_port = async |what, address: fn(&OtlpConfig) -> SocketAddr, setting| match otlp {
            Some(otlp) => bind_unless_taken(what, address(otlp), setting, otlp.is_optional).await,
            None => Ok(None),
        };
        Ok(Self {
            udp: bind_udp("X-Ray documents", config.traces.udp, "traces.udp")?,
            tcp: bind_tcp("sampling rules", config.traces.tcp, "traces.tcp").await?,
            statsd: config.metrics.enabled.then(|| bind_udp("StatsD", config.metrics.statsd, "metrics.statsd")).transpose()?,
            health: bind_unless_taken("health", health.listen, "health.listen", health.is_optional).await?,
            otlp_http: otlp_port("OTLP by HTTP", |otlp| otlp.http, "otlp.http").await?,
            otlp_grpc: otlp_port("OTLP by gRPC", |otlp| otlp.grpc, "otlp.grpc").await?,
            #[cfg(unix)]
            socket: config.traces.socket.as_deref().map(|path| bind_socket(path, &config.traces)).transpose()?,
        })
    }

    /// Where they are.
    pub(crate) fn addresses(&self) -> io::Result<Addresses> {
        Ok(Addresses {
            udp: self.udp.local_addr()?,
            tcp: self.tcp.local_addr()?,
            statsd: self.statsd.as_ref().map(UdpSocket::local_addr).transpose()?,
            health: self.health.as_ref().map(TcpListener::local_addr).transpose()?,
            otlp_http: self.otlp_http.as_ref().map(TcpListener::local_addr).transpose()?,
            otlp_grpc: self.otlp_grpc.as_ref().map(TcpListener::local_addr).transpose()?,
        })
    }
}

/// Asks for a larger buffer than the usual 208 kB, which holds three documents of 60 kB. Without the right to more than `net.core.rmem_max`
/// the system gives that.
fn bind_udp(what: &'static str, address: SocketAddr, setting: &'static str) -> Result<UdpSocket, StartError> {
    const RECEIVE_BUFFER: usize = 8 << 20;
    let bind = || {
        let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::DGRAM, None)?;
        socket.set_nonblocking(true)?;
        if set_socket_recv_buffer_size_force(&socket, RECEIVE_BUFFER).is_err()
            && let Err(error) = socket.set_recv_buffer_size(RECEIVE_BUFFER)
        {
            tracing::debug!(%error, "the receive buffer stays as it is");
        }
        socket.bind(&address.into())?;
        Ok(socket.into())
    };
    bind().map_err(|error| StartError::Listen { what, address, setting, error })
}

/// A socket that a killed agent left behind is in the way; one that answers belongs to an agent that runs.
#[cfg(unix)]
fn bind_socket(path: &std::path::Path, traces: &TracesConfig) -> Result<tokio::net::UnixListener, StartError> {
    use std::os::unix::fs::FileTypeExt as _;

    let failed = |error| StartError::Socket { path: path.to_owned(), error };
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(failed(io::ErrorKind::AddrInUse.into()));
    }
    match std::fs::symlink_metadata(path) {
        Ok(file) if file.file_type().is_socket() => std::fs::remove_file(path).map_err(failed)?,
        Ok(_) => return Err(failed(io::ErrorKind::AlreadyExists.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let listener = tokio::net::UnixListener::bind(path).map_err(failed)?;
    if let Some(group) = &traces.socket_group {
        let group = group_id(group).ok_or_else(|| failed(io::Error::other(format!("traces.socket_group: there is no group `{group}`"))))?;
        std::os::unix::fs::chown(path, None, Some(group)).map_err(failed)?;
    }
    // Whatever the umask says.
    let mode = u32::from_str_radix(&traces.socket_mode, 8).unwrap_or(0o660);
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).map_err(failed)?;
    Ok(listener)
}

/// A group of `/etc/group`, or a number.
#[cfg(unix)]
fn group_id(name: &str) -> Option<u32> {
    let of_line = |line: &str| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok()).flatten()
    };
    let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
    groups.lines().find_map(of_line).or_else(|| name.parse().ok())
}

/// A port that nobody has asked for may be taken.
async fn bind_unless_taken(
    what: &'static str,
    address: SocketAddr,
    setting: &'static str,
    is_optional: bool,
) -> Result<Option<TcpListener>, StartError> {
    match bind_tcp(what, address, setting).await {
        Err(error) if is_optional => {
            tracing::warn!("{error}; going on without");
            Ok(None)
        }
        bound => bound.map(Some),
    }
}

async fn bind_tcp(what: &'static str, address: SocketAddr, setting: &'static str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| StartError::Listen { what, address, setting, error })
}
