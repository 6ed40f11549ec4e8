//! [`Running`]: an agent's process, what it tells and how it ends.

use std::error::Error;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;

use super::ledger::{Status, last_words};
use crate::load::{Socket, socket_of};
use crate::namespace::Namespace;
use crate::process::Program;

/// An agent that runs.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) program: Program,
    pub(super) xray: SocketAddr,
    pub(super) health: Option<SocketAddr>,
    pub(super) namespace: Option<Namespace>,
    pub(super) log: PathBuf,
}

impl Running {
    /// Where it receives.
    pub(crate) fn address(&self) -> SocketAddr {
        self.xray
    }

    /// What our agent says of segments.
    pub(crate) fn status(&self) -> Result<Status, Box<dyn Error>> {
        Status::read(&self.status_text()?)
    }

    /// What our agent says of all signals.
    pub(crate) fn statuses(&self) -> Result<Vec<Status>, Box<dyn Error>> {
        Status::read_all(&self.status_text()?)
    }

    fn status_text(&self) -> Result<String, Box<dyn Error>> {
        let health = self.health.ok_or("the X-Ray daemon tells nothing of itself")?;
        let text = match &self.namespace {
            None => ask(health, "/status"),
            Some(namespace) => namespace.within(|| ask(health, "/status"))?,
        };
        Ok(text?)
    }

    /// Its UDP port.
    pub(crate) fn socket(&self) -> Result<Socket, Box<dyn Error>> {
        socket_of(self.program.id(), self.xray.port())
    }

    /// Kills it.
    pub(crate) fn kill(mut self) -> Result<(), Box<dyn Error>> {
        self.program.signal(Signal::KILL)?;
        self.program.wait(Duration::from_secs(5)).map(drop)
    }

    /// The machine has no time for it, until it is stopped.
    pub(crate) fn freeze(&self) -> Result<(), Box<dyn Error>> {
        self.program.signal(Signal::STOP)
    }

    /// Stops it in order; what it said last, and how long it took.
    pub(crate) fn stop(mut self) -> Result<(Option<Status>, Duration), Box<dyn Error>> {
        self.program.signal(Signal::TERM)?;
        self.program.signal(Signal::CONT)?;
        let took = self.program.wait(Duration::from_secs(30))?;
        Ok((last_words(&std::fs::read_to_string(&self.log)?), took))
    }
}

/// What a port answers by HTTP.
pub(crate) fn ask(address: SocketAddr, path: &str) -> io::Result<String> {
    let answer = exchange(address, &format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n"), "")?;
    Ok(answer.split_once("\r\n\r\n").map_or_else(String::new, |(_, body)| body.to_owned()))
}

/// One request on a connection of its own; `head` lacks the length only.
pub(crate) fn exchange(address: SocketAddr, head: &str, body: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    exchange_on(&mut stream, head, body)
}

/// One request on a connection that the far end closes after its answer.
pub(crate) fn exchange_on(stream: &mut (impl io::Read + io::Write), head: &str, body: &str) -> io::Result<String> {
    write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len())?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}
