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
use crate::namespace::Namespace;

/// A running service; ends when dropped.
#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    pub(crate) tally: Arc<Tally>,
    conduct: watch::Sender<Conduct>,
}

impl Sink {
    /// On a free port of loopback, well-behaved.
    pub(crate) fn start() -> Result<Self, Box<dyn Error>> {
        Self::start_at(([127, 0, 0, 1], 0).into(), None)
    }

    /// Elsewhere, in a network namespace if one is given.
    pub(crate) fn start_at(address: SocketAddr, namespace: Option<Namespace>) -> Result<Self, Box<dyn Error>> {
        let (conduct, changes) = watch::channel(Conduct::default());
        let tally = Arc::new(Tally::default());
        let (bound, is_bound) = mpsc::channel();
        let counted = Arc::clone(&tally);
        std::thread::Builder::new().name("sink".into()).spawn(move || {
            let opened = open(address, namespace.as_ref()).and_then(|(listener, runtime)| Ok((listener.local_addr()?, listener, runtime)));
            match opened {
                Ok((address, listener, runtime)) => {
                    let _nobody_waits_any_more = bound.send(Ok(address));
                    runtime.block_on(serve(listener, address, changes, counted));
                }
                Err(error) => drop(bound.send(Err(error))),
            }
        })?;
        let address = is_bound.recv()??;
        Ok(Self { address, tally, conduct })
    }

    /// What agents are told.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
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

/// The port, and what serves it, on this thread.
fn open(address: SocketAddr, namespace: Option<&Namespace>) -> io::Result<(std::net::TcpListener, Runtime)> {
    namespace.map_or(Ok(()), Namespace::enter)?;
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok((listener, tokio::runtime::Builder::new_current_thread().enable_all().build()?))
}

/// Opens and shuts the port as the conduct says, until the sink is dropped.
async fn serve(first: std::net::TcpListener, address: SocketAddr, mut changes: watch::Receiver<Conduct>, tally: Arc<Tally>) {
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
                Ok(listener) => serve_while(door, &listener, &mut changes, &tally).await,
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
async fn serve_while(door: Door, listener: &TcpListener, changes: &mut watch::Receiver<Conduct>, tally: &Arc<Tally>) -> bool {
    let mut connections = JoinSet::new();
    loop {
        let conduct = changes.clone();
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve_one(stream, conduct, Arc::clone(tally)));
                }
            }
            changed = changes.wait_for(|conduct| conduct.door != door) => return changed.is_err(),
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Without a graceful end: whatever ends a connection resets it.
async fn serve_one(stream: TcpStream, conduct: watch::Receiver<Conduct>, tally: Arc<Tally>) -> io::Result<()> {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
    stream.set_nodelay(true)?;
    let service = service_fn(move |request| answer(request, conduct.clone(), Arc::clone(&tally)));
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.map_err(io::Error::other)
}
