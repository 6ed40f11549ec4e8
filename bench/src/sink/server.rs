//! [`Sink`]: the port, and the thread that serves it.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::answer::answer;
use super::conduct::{Conduct, Door};
use super::tally::Tally;
use super::tls::Certificates;
use crate::namespace::Namespace;

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// A running service; ends when dropped.
#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    pub(crate) tally: Arc<Tally>,
    /// Who vouches for the sink, as PEM, if it encrypts.
    pub(crate) authority: Option<String>,
    conduct: watch::Sender<Conduct>,
}

impl Sink {
    /// On a free port of loopback, well-behaved.
    pub(crate) fn start() -> Result<Self, Box<dyn Error>> {
        Self::start_at(LOOPBACK, None)
    }

    /// The same by HTTPS.
    pub(crate) fn start_encrypted() -> Result<Self, Box<dyn Error>> {
        let (certificates, authority) = Certificates::make()?;
        Ok(Self { authority: Some(authority), ..Self::start_with(LOOPBACK, None, Some(certificates))? })
    }

    /// Elsewhere, in a network namespace if one is given.
    pub(crate) fn start_at(address: SocketAddr, namespace: Option<Namespace>) -> Result<Self, Box<dyn Error>> {
        Self::start_with(address, namespace, None)
    }

    fn start_with(address: SocketAddr, namespace: Option<Namespace>, certificates: Option<Certificates>) -> Result<Self, Box<dyn Error>> {
        let (conduct, changes) = watch::channel(Conduct::default());
        let tally = Arc::new(Tally::default());
        let (bound, is_bound) = mpsc::channel();
        let counted = Arc::clone(&tally);
        std::thread::Builder::new().name("sink".into()).spawn(move || {
            let opened = open(address, namespace.as_ref()).and_then(|(listener, runtime)| Ok((listener.local_addr()?, listener, runtime)));
            match opened {
                Ok((address, listener, runtime)) => {
                    let _nobody_waits_any_more = bound.send(Ok(address));
                    runtime.block_on(serve(listener, address, changes, Served { tally: counted, certificates }));
                }
                Err(error) => drop(bound.send(Err(error))),
            }
        })?;
        let address = is_bound.recv()??;
        Ok(Self { address, tally, authority: None, conduct })
    }

    /// What agents are told.
    pub(crate) fn endpoint(&self) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Behaves so from now on.
    pub(crate) fn set(&self, conduct: Conduct) {
        self.conduct.send_replace(conduct);
    }

    /// Behaves by a schedule of moments counted from now; returns after the last.
    pub(crate) fn play(&self, schedule: &[(Duration, Conduct)]) {
        let began = Instant::now();
        for (moment, conduct) in schedule {
            std::thread::sleep(moment.saturating_sub(began.elapsed()));
            self.set(conduct.clone());
        }
    }
}

/// What connections need.
#[derive(Clone)]
struct Served {
    tally: Arc<Tally>,
    certificates: Option<Certificates>,
}

/// The port, and what serves it, on this thread.
fn open(address: SocketAddr, namespace: Option<&Namespace>) -> io::Result<(std::net::TcpListener, Runtime)> {
    namespace.map_or(Ok(()), Namespace::enter)?;
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok((listener, tokio::runtime::Builder::new_current_thread().enable_all().build()?))
}

/// Opens and shuts the port as the conduct says, until the sink is dropped.
async fn serve(first: std::net::TcpListener, address: SocketAddr, mut changes: watch::Receiver<Conduct>, served: Served) {
    let mut first = Some(first);
    loop {
        let door = changes.borrow_and_update().door;
        let ended = if door == Door::Shut {
            first = None;
            changes.wait_for(|conduct| conduct.door != Door::Shut).await.is_err()
        } else {
            let listener = match first.take() {
                Some(listener) => TcpListener::from_std(listener),
                None => TcpListener::bind(address).await,
            };
            match listener {
                Ok(listener) => serve_while(door, &listener, &mut changes, &served).await,
                Err(error) => {
                    eprintln!("bench: the sink cannot listen on {address}: {error}");
                    return;
                }
            }
        };
        if ended {
            return;
        }
    }
}

/// Serves while the door is this; whether the sink was dropped. Connections end with it.
async fn serve_while(door: Door, listener: &TcpListener, changes: &mut watch::Receiver<Conduct>, served: &Served) -> bool {
    let mut connections = JoinSet::new();
    loop {
        let conduct = changes.clone();
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve_one(stream, door, conduct, served.clone()));
                }
            }
            changed = changes.wait_for(|conduct| conduct.door != door) => return changed.is_err(),
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Without a graceful end: whatever ends a connection resets it.
async fn serve_one(stream: TcpStream, door: Door, conduct: watch::Receiver<Conduct>, served: Served) -> io::Result<()> {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
    stream.set_nodelay(true)?;
    let Served { tally, certificates } = served;
    let service = service_fn(move |request| answer(request, conduct.clone(), Arc::clone(&tally)));
    let http = http1::Builder::new();
    match certificates {
        None => http.serve_connection(TokioIo::new(stream), service).await,
        Some(certificates) => http.serve_connection(TokioIo::new(certificates.behind(door).accept(stream).await?), service).await,
    }
    .map_err(io::Error::other)
}
