//! The agent as a process of its own: processor time per segment and memory, against a sink that says yes.

use std::error::Error;
use std::io::Write as _;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::process::{Program, free_port, wait_for};
use crate::server::serve;

const RATE: u32 = 4_000;
const SECONDS: u32 = 15;

/// Prints the table.
pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let taken = Arc::new(AtomicU64::new(0));
    let router = Router::new().route("/TraceSegments", post(take)).fallback(|| async { Json(json!({})) });
    let sink = serve(router.with_state(Arc::clone(&taken)))?;
    let (xray, health) = (free_port()?, free_port()?);
    let mut config = tempfile::NamedTempFile::with_suffix(".toml")?;
    write!(
        config,
        "[aws]\nendpoint = \"http://{sink}\"\n[traces]\nudp = \"{xray}\"\ntcp = \"{xray}\"\nspool = \"off\"\n[metrics]\nstatsd = \"127.0.0.1:0\"\n[health]\nlisten = \"{health}\"\n"
    )?;
    let agent = Program::start("metrics-agent", &["--config", &config.path().display().to_string()])?;
    wait_for(health)?;
    std::thread::park_timeout(Duration::from_secs(2));
    let (idle, before) = (agent.memory()?, agent.processor_time()?);
    let mut most = idle;
    let sent = send(xray, |_| {
        most = most.max(agent.memory().unwrap_or(0.0));
    })?;
    let deadline = Instant::now() + Duration::from_secs(20);
    while taken.load(Ordering::Relaxed) < sent && Instant::now() < deadline {
        std::thread::park_timeout(Duration::from_millis(20));
    }
    let (taken, spent) = (taken.load(Ordering::Relaxed), agent.processor_time()? - before);
    let binary = std::fs::metadata(Program::path("metrics-agent")?)?.len() as f64 / f64::from(1 << 20);
    println!("### The agent\n\n{RATE} segments of 1 kB a second for {SECONDS} s over UDP, to a sink on loopback.\n");
    println!("| sent | arrived | CPU per segment | memory idle | memory under load, most | binary |\n|---|---|---|---|---|---|");
    let each = spent.as_secs_f64() * 1e6 / taken as f64;
    println!("| {sent} | {taken} | {each:.1} µs | {idle:.1} MB | {most:.1} MB | {binary:.1} MB |");
    Ok(())
}

/// Sends at the rate, in a burst every 10 ms; calls `each_second`.
fn send(to: SocketAddr, mut each_second: impl FnMut(u32)) -> Result<u64, Box<dyn Error>> {
    const BURST: u32 = RATE / 100;
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(to)?;
    let began = Instant::now();
    for burst in 0..SECONDS * 100 {
        for number in 0..BURST {
            socket.send(document(u64::from(burst * BURST + number)).as_bytes())?;
        }
        if burst % 100 == 99 {
            each_second(burst / 100);
        }
        let next = Duration::from_millis(10) * (burst + 1);
        std::thread::park_timeout(next.saturating_sub(began.elapsed()));
    }
    Ok(u64::from(SECONDS * 100 * BURST))
}

/// About 1 kB.
fn document(number: u64) -> String {
    let filler = "x".repeat(700);
    format!(
        "{{\"format\":\"json\",\"version\":1}}\n{{\"name\":\"orders\",\"id\":\"{number:016x}\",\"trace_id\":\"1-5759e988-{number:024x}\",\
         \"start_time\":1700000000.123456,\"end_time\":1700000000.223456,\"http\":{{\"request\":{{\"method\":\"GET\",\"url\":\"http://orders/7\"}},\
         \"response\":{{\"status\":200}}}},\"metadata\":{{\"default\":{{\"filler\":\"{filler}\"}}}}}}"
    )
}

/// Answers PutTraceSegments and counts documents.
async fn take(State(taken): State<Arc<AtomicU64>>, body: Bytes) -> Json<Value> {
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let documents = request["TraceSegmentDocuments"].as_array().map_or(0, Vec::len);
    taken.fetch_add(documents as u64, Ordering::Relaxed);
    Json(json!({"UnprocessedTraceSegments": []}))
}
