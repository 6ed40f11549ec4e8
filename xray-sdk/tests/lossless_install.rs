//! A lossless emitter keeps its promise through `install()`. One test, since the process has one recorder.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use xray_sdk::sampling::SampleAll;
use xray_sdk::{LosslessEmitter, Segment};

/// An agent that counts documents, and takes none while it is closed.
#[derive(Default)]
struct Agent {
    documents: AtomicUsize,
    is_closed: AtomicBool,
}

impl Agent {
    fn serve(self: Arc<Self>, listener: TcpListener) {
        for stream in listener.incoming().flatten() {
            let agent = Arc::clone(&self);
            std::thread::spawn(move || while agent.answer(&mut BufReader::new(&stream)).is_some() {});
        }
    }

    fn answer(&self, stream: &mut BufReader<&std::net::TcpStream>) -> Option<()> {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if line == "\r\n" {
                break;
            }
            if let Some(number) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = number.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        let status = if self.is_closed.load(Ordering::SeqCst) {
            "503 Service Unavailable"
        } else {
            let body: serde_json::Value = serde_json::from_slice(&body).ok()?;
            self.documents.fetch_add(body["TraceSegmentDocuments"].as_array()?.len(), Ordering::SeqCst);
            "200 OK"
        };
        stream.get_mut().write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}").as_bytes()).ok()
    }
}

#[test]
fn ending_segments_waits_for_the_agent_and_nothing_is_lost_until_it_is_away_for_too_long() {
    const MANY: usize = 50_000;
    let (listener, agent) = (TcpListener::bind("127.0.0.1:0").unwrap(), Arc::new(Agent::default()));
    let emitter = LosslessEmitter::tcp(listener.local_addr().unwrap().to_string()).unwrap().wait_at_most(Duration::from_millis(500));
    let serving = Arc::clone(&agent);
    std::thread::spawn(move || serving.serve(listener));
    let installed = xray_sdk::builder("shop").emitter(emitter).sampler(SampleAll).flush_timeout(Duration::from_secs(60)).install().unwrap();
    (0..MANY).for_each(|_| drop(Segment::begin("job")));
    assert_eq!(installed.flush(), 0);
    let counters = installed.counters();
    assert_eq!((agent.documents.load(Ordering::SeqCst), counters.sent as usize), (MANY, MANY));
    assert_eq!((counters.dropped_queue_full, counters.dropped_io_error), (0, 0));

    agent.is_closed.store(true, Ordering::SeqCst);
    for _ in 0..6_000 {
        Segment::begin("large").metadata("blob", "x".repeat(60_000));
    }
    agent.is_closed.store(false, Ordering::SeqCst);
    assert_eq!(installed.flush(), 0);
    let counters = installed.counters();
    let lost = counters.dropped_io_error + counters.dropped_queue_full;
    assert!(lost > 0, "18 MB for 16 MB of room, and nobody takes any");
    assert_eq!(counters.sent + lost, (MANY + 6_000) as u64, "each is sent or counted");
    assert_eq!(agent.documents.load(Ordering::SeqCst) as u64, counters.sent);
}
