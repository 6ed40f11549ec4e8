//! [`UdpEmitter`]: the socket to the agent.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use telemetry_wire::UDP_PAYLOAD_LIMIT;

use super::address::DaemonAddress;
use super::emit::Emitter;
use super::lossless::LosslessEmitter;
use crate::clock::monotonic_now;
use crate::fork::PerProcess;

/// Interval of lookups, since a restarted container has a new address; also the longest wait after a failed one.
const LOOK_UP_EVERY: Duration = Duration::from_secs(60);
/// The first wait after a failed lookup; doubled up to [`LOOK_UP_EVERY`].
const FIRST_RETRY: Duration = Duration::from_millis(500);
/// Shortest time between two lookups while the agent refuses datagrams.
const AFTER_REFUSAL: Duration = Duration::from_secs(1);
/// Bytes of datagrams that wait for the first address.
const WAITING: usize = 1 << 20;

/// Sends to the agent over a connected, non-blocking UDP socket. A full socket buffer loses the datagram. What no datagram can hold goes
/// to the agent's TCP port.
///
/// A host name is resolved by a thread of its own: at the start, every minute, and soon after the agent stops listening. Until the first
/// answer 1 MB of datagrams waits; what comes beyond that is lost and counted.
pub struct UdpEmitter {
    address: String,
    ways: PerProcess<Ways>,
    limit: usize,
}

/// The receivers of documents: the socket for those that a datagram holds, the TCP port for larger ones.
struct Ways {
    socket: Arc<Connection>,
    large: OnceLock<Option<LosslessEmitter>>,
}

impl fmt::Debug for UdpEmitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpEmitter").field("address", &self.address).field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl UdpEmitter {
    /// Connects to an address, or begins to resolve a name. Sends nothing yet; the agent may start later.
    ///
    /// # Errors
    /// When the name has to be resolved and the system gives no thread.
    pub fn connect(address: &DaemonAddress) -> io::Result<Self> {
        let made_from = address.clone();
        let ways = PerProcess::new(move |parents: Option<&Ways>| {
            let known = parents.and_then(|ways| ways.socket.current.load_full());
            Ok(Ways { socket: Connection::start(made_from.clone(), known)?, large: OnceLock::new() })
        })?;
        Ok(Self { address: address.udp.clone(), ways, limit: UDP_PAYLOAD_LIMIT })
    }

    /// Bytes of the largest datagram, header line included. Default 65,507.
    #[must_use]
    pub const fn datagram_limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }
}

impl Emitter for UdpEmitter {
    fn emit(&self, datagram: &[u8]) -> io::Result<()> {
        let is_large = datagram.len() > self.limit;
        self.ways.with(|ways| if is_large { ways.emit_large(datagram) } else { ways.emit_small(datagram) })?
    }

    fn takes_large(&self) -> bool {
        true
    }

    fn flush(&self, within: Duration) -> bool {
        self.ways.with(|ways| ways.flush(within)).unwrap_or(false)
    }

    fn left(&self) -> usize {
        self.ways.with(Ways::left).unwrap_or(0)
    }
}

impl Ways {
    fn emit_small(&self, datagram: &[u8]) -> io::Result<()> {
        let sent = match &*self.socket.current.load() {
            Some(socket) => send(socket, datagram),
            None => self.socket.wait_for_address(datagram),
        };
        let is_refused = matches!(&sent, Err(error) if error.kind() == ErrorKind::ConnectionRefused);
        self.socket.look_up_if_due(is_refused);
        sent
    }

    #[cold]
    fn emit_large(&self, datagram: &[u8]) -> io::Result<()> {
        let large = self.large.get_or_init(|| LosslessEmitter::tcp(self.socket.address.tcp.clone()).ok());
        large.as_ref().map_or_else(|| Err(io::Error::other("no thread for large documents")), |large| large.emit(datagram))
    }

    fn large(&self) -> Option<&LosslessEmitter> {
        self.large.get().and_then(Option::as_ref)
    }

    fn flush(&self, within: Duration) -> bool {
        self.socket.wait_until_sent(within) && self.large().is_none_or(|large| large.flush(within))
    }

    fn left(&self) -> usize {
        self.socket.lock().datagrams.len() + self.large().map_or(0, Emitter::left)
    }
}

/// A connected socket reports a refusal on the send *after* the refused one, and that send goes nowhere. So it is sent again at once, which
/// keeps the first datagram after the agent's start, and the error stands for the one before.
fn send(socket: &UdpSocket, datagram: &[u8]) -> io::Result<()> {
    let send = || socket.send(datagram).map(drop);
    match send() {
        Err(refused) if refused.kind() == ErrorKind::ConnectionRefused => send().and(Err(refused)),
        Err(error) if error.kind() == ErrorKind::Interrupted => send(),
        result => result,
    }
}

/// The socket, connected to what the name stands for now.
#[derive(Debug)]
struct Connection {
    address: DaemonAddress,
    /// `None` until the name has been resolved once.
    current: ArcSwapOption<UdpSocket>,
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug)]
struct Waiting {
    datagrams: Vec<Vec<u8>>,
    bytes: usize,
    is_looking_up: bool,
    looked_up: Instant,
}

impl Connection {
    fn new(address: DaemonAddress) -> Self {
        let waiting = Waiting { datagrams: Vec::new(), bytes: 0, is_looking_up: false, looked_up: monotonic_now() };
        Self { address, current: ArcSwapOption::empty(), waiting: Mutex::new(waiting), changed: Condvar::new() }
    }

    /// Connects to an address, or begins to resolve a name. `known` is the socket to use until then.
    fn start(address: DaemonAddress, known: Option<Arc<UdpSocket>>) -> io::Result<Arc<Self>> {
        let connection = Arc::new(Self::new(address));
        if known.is_some() {
            connection.current.store(known);
            return Ok(connection);
        }
        if connection.address.is_name() {
            Self::look_up_in_background(&connection)?;
        } else if let Err(error) = connection.look_up() {
            // No route yet, as in a container whose network comes up late.
            log::warn!("X-Ray: no socket to the agent at {}: {error}; retrying", connection.address.udp);
            Self::look_up_in_background(&connection)?;
        }
        Ok(connection)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves the name and connects, unless the socket is connected to that address already.
    fn look_up(&self) -> io::Result<()> {
        let agent = self.address.resolve_udp()?;
        let known = self.current.load();
        if known.as_ref().is_some_and(|socket| socket.peer_addr().is_ok_and(|peer| peer == agent)) {
            return Ok(());
        }
        let any: SocketAddr = match agent {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any)?;
        socket.connect(agent)?;
        socket.set_nonblocking(true)?;
        self.current.store(Some(Arc::new(socket)));
        Ok(())
    }

    /// Keeps a datagram until there is an address.
    fn wait_for_address(&self, datagram: &[u8]) -> io::Result<()> {
        let mut waiting = self.lock();
        // The thread stores the socket first and empties the list under this lock afterwards.
        if let Some(socket) = &*self.current.load() {
            return send(socket, datagram);
        }
        if waiting.bytes + datagram.len() > WAITING {
            let text = format!("the agent's host name in `{}` is not resolved yet", self.address.udp);
            return Err(io::Error::new(ErrorKind::NotConnected, text));
        }
        waiting.bytes += datagram.len();
        waiting.datagrams.push(datagram.to_vec());
        Ok(())
    }

    fn wait_until_sent(&self, within: Duration) -> bool {
        let has_some = |waiting: &mut Waiting| !waiting.datagrams.is_empty();
        let waited = self.changed.wait_timeout_while(self.lock(), within, has_some);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Starts a lookup when the last one is a minute old, or a second old and the agent refuses datagrams.
    fn look_up_if_due(self: &Arc<Self>, is_refused: bool) {
        // Addresses stay what they are, so most agents cost nothing here.
        if !self.address.is_name() {
            return;
        }
        // The thread that holds the lock is about to look up, or has just done so.
        let Ok(waiting) = self.waiting.try_lock() else { return };
        let every = if is_refused { AFTER_REFUSAL } else { LOOK_UP_EVERY };
        let is_due = !waiting.is_looking_up && monotonic_now().saturating_duration_since(waiting.looked_up) >= every;
        drop(waiting);
        if is_due && let Err(error) = Self::look_up_in_background(self) {
            log::warn!("X-Ray: no thread to resolve the agent's host name: {error}; the last address is used");
        }
    }

    fn look_up_in_background(this: &Arc<Self>) -> io::Result<()> {
        this.lock().is_looking_up = true;
        let connection = Arc::downgrade(this);
        let thread = std::thread::Builder::new().name("xray-resolver".into()).spawn(move || retry_look_up(&connection));
        if thread.is_err() {
            this.lock().is_looking_up = false;
        }
        thread.map(drop)
    }

    fn finish_look_up(&self) {
        let mut waiting = self.lock();
        (waiting.is_looking_up, waiting.looked_up) = (false, monotonic_now());
        waiting.bytes = 0;
        let datagrams = std::mem::take(&mut waiting.datagrams);
        if let Some(socket) = &*self.current.load() {
            let lost = datagrams.iter().filter(|datagram| send(socket, datagram).is_err()).count();
            if lost > 0 {
                log::warn!("X-Ray: {lost} documents that waited for the agent's address could not be sent");
            }
        }
        self.changed.notify_all();
    }
}

/// Looks the name up until that succeeds once, for as long as the emitter lives.
fn retry_look_up(connection: &Weak<Connection>) {
    let mut pause = FIRST_RETRY;
    let mut has_warned = false;
    while let Some(connection) = connection.upgrade() {
        let Err(error) = connection.look_up() else { return connection.finish_look_up() };
        if !std::mem::replace(&mut has_warned, true) {
            let address = &connection.address.udp;
            log::warn!("X-Ray: cannot resolve the agent's address `{address}`: {error}; retrying. Check AWS_XRAY_DAEMON_ADDRESS");
        }
        drop(connection);
        std::thread::park_timeout(pause);
        pause = (pause * 2).min(LOOK_UP_EVERY);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_name_that_cannot_be_resolved_yet_loses_nothing_that_fits() {
        let connection = Arc::new(Connection::new(DaemonAddress::parse("nope.invalid:2000").unwrap()));
        assert!(connection.look_up().is_err());
        connection.wait_for_address(b"first").unwrap();
        connection.wait_for_address(&vec![0; WAITING]).unwrap_err();
        assert!(!connection.wait_until_sent(Duration::ZERO));
        let agent = UdpSocket::bind("127.0.0.1:0").unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(agent.local_addr().unwrap()).unwrap();
        connection.current.store(Some(Arc::new(socket)));
        connection.finish_look_up();
        assert!(connection.wait_until_sent(Duration::ZERO));
        connection.wait_for_address(b"second").unwrap();
        let mut buffer = [0; 16];
        let mut received = || agent.recv(&mut buffer).map(|length| buffer[..length].to_vec()).unwrap();
        assert_eq!((received(), received()), (b"first".to_vec(), b"second".to_vec()));
    }

    #[test]
    fn an_address_is_looked_up_again_when_it_changes() {
        let (old, new) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let mut connection = Connection::new(DaemonAddress::parse(&old.local_addr().unwrap().to_string()).unwrap());
        connection.look_up().unwrap();
        let first = connection.current.load_full().unwrap();
        connection.look_up().unwrap();
        assert!(Arc::ptr_eq(&first, &connection.current.load_full().unwrap()), "the same address keeps its socket");
        connection.address = DaemonAddress::parse(&new.local_addr().unwrap().to_string()).unwrap();
        connection.look_up().unwrap();
        let second = connection.current.load_full().unwrap();
        assert_eq!(second.peer_addr().unwrap(), new.local_addr().unwrap());
    }
}
