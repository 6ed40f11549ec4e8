//! [`AgentClient`]: one connection, kept open.

use std::io::{self, BufReader, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use super::answer::Answer;

/// Where the agent listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// `host:port`.
    Tcp(String),
    /// A socket in the file system.
    #[cfg(unix)]
    Unix(std::path::PathBuf),
}

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixStream),
}

/// Posts to the agent.
#[derive(Debug)]
pub(crate) struct AgentClient {
    endpoint: Endpoint,
    /// For the connection, and for each wait for bytes.
    timeout: Duration,
    open: Option<BufReader<Stream>>,
}

impl AgentClient {
    pub(crate) const fn new(endpoint: Endpoint, timeout: Duration) -> Self {
        Self { endpoint, timeout, open: None }
    }

    /// Posts a body and waits for the answer. A connection that the agent has closed in the meantime is made anew, once.
    pub(crate) fn post(&mut self, path: &str, content_type: &str, body: &[u8]) -> io::Result<Answer> {
        if let Some(kept) = self.open.take()
            && let Ok(answer) = self.exchange(kept, path, content_type, body)
        {
            return Ok(answer);
        }
        let fresh = BufReader::new(Stream::connect(&self.endpoint, self.timeout)?);
        self.exchange(fresh, path, content_type, body)
    }

    fn exchange(&mut self, mut stream: BufReader<Stream>, path: &str, content_type: &str, body: &[u8]) -> io::Result<Answer> {
        let host = match &self.endpoint {
            Endpoint::Tcp(address) => address.as_str(),
            #[cfg(unix)]
            Endpoint::Unix(_) => "localhost",
        };
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n");
        let mut request = head.into_bytes();
        request.extend_from_slice(body);
        stream.get_mut().write_all(&request)?;
        let answer = Answer::read(&mut stream)?;
        if answer.is_reusable {
            self.open = Some(stream);
        }
        Ok(answer)
    }
}

impl Stream {
    fn connect(endpoint: &Endpoint, timeout: Duration) -> io::Result<Self> {
        match endpoint {
            Endpoint::Tcp(address) => {
                let mut failure = io::Error::new(io::ErrorKind::NotFound, "the host name has no address");
                for address in address.to_socket_addrs()? {
                    match TcpStream::connect_timeout(&address, timeout) {
                        Ok(stream) => return Self::Tcp(stream).with_timeout(timeout),
                        Err(error) => failure = error,
                    }
                }
                Err(failure)
            }
            #[cfg(unix)]
            Endpoint::Unix(path) => Self::Unix(std::os::unix::net::UnixStream::connect(path)?).with_timeout(timeout),
        }
    }

    fn with_timeout(self, timeout: Duration) -> io::Result<Self> {
        match &self {
            Self::Tcp(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(timeout))?;
                stream.set_write_timeout(Some(timeout))?;
            }
            #[cfg(unix)]
            Self::Unix(stream) => {
                stream.set_read_timeout(Some(timeout))?;
                stream.set_write_timeout(Some(timeout))?;
            }
        }
        Ok(self)
    }
}

impl io::Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            #[cfg(unix)]
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl io::Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            #[cfg(unix)]
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.flush(),
            #[cfg(unix)]
            Self::Unix(stream) => stream.flush(),
        }
    }
}
