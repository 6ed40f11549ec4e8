//! The agent's TCP port, in an agent that runs: any bytes are answered or the connection ends, and the next one is served.
#![no_main]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use metrics_agent::{Agent, AwsSettings, Config, Spool};

/// The agent's TCP port. Nothing listens where it sends to.
static PORT: LazyLock<SocketAddr> = LazyLock::new(|| {
    let mut config = Config::default();
    config.aws = AwsSettings::local("http://127.0.0.1:9".into());
    config.traces.udp.set_port(0);
    config.traces.tcp.set_port(0);
    config.traces.spool = Some(Spool::Off);
    config.metrics.enabled = false;
    config.health.listen.set_port(0);
    let runtime = Box::leak(Box::new(tokio::runtime::Runtime::new().expect("threads")));
    let agent = runtime.block_on(Agent::start(config)).expect("free ports");
    Box::leak(Box::new(agent)).addresses().tcp
});

fuzz_target!(|bytes: &[u8]| {
    exchange(bytes);
    let answer = exchange(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    assert!(answer.starts_with(b"HTTP/1.1 403"), "{:?}", String::from_utf8_lossy(&answer));
});

fn exchange(bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(*PORT).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket");
    let mut answer = Vec::new();
    let said = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write)).and_then(|()| stream.read_to_end(&mut answer));
    let is_silent = said.as_ref().is_err_and(|error| [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()));
    assert!(!is_silent, "no answer and no end");
    answer
}
