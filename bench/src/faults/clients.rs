//! Clients that mean no good.

use std::error::Error;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::bed::Bed;
use super::cell::Ended;
use super::processes::limit_descriptors;
use crate::agent::ask;
use crate::sink::{Conduct, Door};

type Result<T = Ended> = std::result::Result<T, Box<dyn Error>>;

/// Datagrams of every kind that is none, as many as there are good ones.
pub(super) fn garbage(bed: &mut Bed) -> Result {
    bed.send(0.5)?;
    let port = bed.ports()[0];
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let flood = scope.spawn(|| flood(port, &is_over).map_err(|error| error.to_string()));
        let sent = bed.send(3.0);
        is_over.store(true, Ordering::Relaxed);
        flood.join().map_err(|_| "the flood panicked".to_owned())??;
        sent
    })?;
    bed.send(0.5)?;
    Ok(Ended::ToBeJudged)
}

fn flood(port: SocketAddr, is_over: &AtomicBool) -> Result<()> {
    const PAUSE: Duration = Duration::from_millis(2);
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let large = vec![b'{'; 60_000];
    let kinds: [&[u8]; 7] = [
        b"",
        b"\n",
        b"{\"format\":\"json\",\"version\":1}",
        b"{\"format\":\"json\",\"version\":2}\n{}",
        b"\xff\xfe\n\xff",
        b"{\"format\"",
        &large,
    ];
    while !is_over.load(Ordering::Relaxed) {
        for kind in kinds {
            socket.send_to(kind, port)?;
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

/// Hundreds of requests that come a byte at a time, for ever.
pub(super) fn slow_loris(bed: &mut Bed) -> Result {
    bed.send(0.5)?;
    let mut connections = open(&bed.ports(), 200)?;
    for byte in b"GET /GetSamp" {
        // Who was thrown out has had his answer.
        connections.retain_mut(|connection| connection.write_all(&[*byte]).is_ok());
        bed.send(0.25)?;
    }
    answers_soon(bed)?;
    Ok(Ended::ToBeJudged)
}

/// More connections than the agent may have, while it needs new ones itself.
pub(super) fn idle_connections(bed: &mut Bed) -> Result {
    const EACH: usize = 1_500;
    bed.send(0.5)?;
    let ours = limit_descriptors(std::process::id(), 2 * EACH as u64 + 1_024)?;
    let before = limit_descriptors(bed.running()?.program.id(), 1_024)?;
    let connections = open(&bed.ports(), EACH)?;
    bed.sink.set(Conduct::behind(Door::Shut));
    bed.send(1.0)?;
    bed.sink.set(Conduct::default());
    bed.send(2.0)?;
    drop(connections);
    limit_descriptors(std::process::id(), ours)?;
    limit_descriptors(bed.running()?.program.id(), before)?;
    bed.send(0.5)?;
    answers_soon(bed)?;
    Ok(Ended::ToBeJudged)
}

fn open(ports: &[SocketAddr], each: usize) -> Result<Vec<TcpStream>> {
    let addresses = ports.iter().flat_map(|port| std::iter::repeat_n(port, each));
    // Where the backlog is full, the rest stays outside.
    let connected = addresses.map(|address| TcpStream::connect_timeout(address, Duration::from_millis(20)));
    Ok(connected.filter_map(std::result::Result::ok).collect())
}

/// Health checks kill agents that do not answer.
fn answers_soon(bed: &Bed) -> Result<()> {
    const SOON: Duration = Duration::from_secs(3);
    let began = Instant::now();
    let health = *bed.ports().last().ok_or("no health port")?;
    let text = ask(health, "/healthz")?;
    if text.contains("ok") && began.elapsed() < SOON {
        Ok(())
    } else {
        Err(format!("/healthz took {:?} to say `{text}`", began.elapsed()).into())
    }
}
