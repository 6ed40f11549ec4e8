//! An axum service, traced and untraced, under load: one server thread that is the bottleneck, one client thread, rounds in turn.

use std::error::Error;
use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use axum::extract::Path;
use axum::routing::get;
use axum::{Json, Router};
use cpu_time::{ProcessTime, ThreadTime};
use serde_json::{Value, json};
use xray_sdk::tower::TraceLayer;
use xray_sdk::traced;

use crate::measure::median;
use crate::ours::{self, Ours};
use crate::server::serve;

const CONNECTIONS: usize = 16;
const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(600);
/// What a request has to do beside HTTP.
const WORK: [Duration; 3] = [Duration::ZERO, Duration::from_micros(200), Duration::from_millis(1)];

#[traced]
fn traced_price(order: u64, work: Duration) -> u64 {
    price(order, work)
}

fn price(order: u64, work: Duration) -> u64 {
    let began = Instant::now();
    while began.elapsed() < work {
        std::hint::spin_loop();
    }
    black_box(order) % 100
}

/// Prints the table.
pub(crate) fn run(ours: &Ours) -> Result<(), Box<dyn Error>> {
    println!("### A traced service\n");
    println!(
        "axum with one layer and one `#[traced]` function, every request sampled and sent by UDP, {CONNECTIONS} connections kept alive, one \
         server thread that is the bottleneck; medians of {ROUNDS} rounds in turn. CPU is that of all threads but the client's.\n"
    );
    println!("| work of a request | untraced, requests/s | traced, requests/s | traced ÷ untraced | CPU added to a request |");
    println!("|---|---|---|---|---|");
    for work in WORK {
        compare(ours, work)?;
    }
    ours::check(ours)
}

fn compare(ours: &Ours, work: Duration) -> Result<(), Box<dyn Error>> {
    let order = move |Path(order): Path<u64>| async move { answer(order, price(order, work)) };
    let traced_order = move |Path(order): Path<u64>| async move { answer(order, traced_price(order, work)) };
    let untraced = serve(Router::new().route("/orders/{order}", get(order)))?;
    let traced = serve(Router::new().route("/orders/{order}", get(traced_order)).layer(TraceLayer::new("orders")))?;
    let (mut without, mut with): (Vec<Load>, Vec<Load>) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (first, second) = if round % 2 == 0 { (untraced, traced) } else { (traced, untraced) };
        let (first, second) = (load(first)?, load(second)?);
        ours.flush();
        // The first round warms up.
        if round > 0 {
            let (plain, recorded) = if round % 2 == 0 { (first, second) } else { (second, first) };
            without.push(plain);
            with.push(recorded);
        }
    }
    let of = |loads: &[Load], what: fn(&Load) -> f64| median(&mut loads.iter().map(what).collect::<Vec<_>>());
    let (slow, fast) = (of(&with, |load| load.rate), of(&without, |load| load.rate));
    let mut ratios: Vec<f64> = with.iter().zip(&without).map(|(with, without)| with.rate / without.rate).collect();
    let ratio = median(&mut ratios);
    let added = of(&with, |load| load.cpu_micros) - of(&without, |load| load.cpu_micros);
    println!("| {} µs | {fast:.0} | {slow:.0} | {ratio:.3} | {added:.1} µs |", work.as_micros());
    Ok(())
}

fn answer(order: u64, price: u64) -> Json<Value> {
    Json(json!({"order": order, "price": price}))
}

struct Load {
    rate: f64,
    cpu_micros: f64,
}

/// All connections are written before the first is read, so that the server always has work.
fn load(address: SocketAddr) -> Result<Load, Box<dyn Error>> {
    const REQUEST: &[u8] = b"GET /orders/4711 HTTP/1.1\r\nhost: orders.example.com\r\nuser-agent: bench\r\n\r\n";
    let mut connections = (0..CONNECTIONS).map(|_| TcpStream::connect(address)).collect::<Result<Vec<_>, _>>()?;
    let mut buffer = [0; 1_024];
    let (began, mut requests) = (Instant::now(), 0_u64);
    let (all, client) = (ProcessTime::now(), ThreadTime::now());
    for connection in &mut connections {
        connection.set_nodelay(true)?;
        connection.write_all(REQUEST)?;
    }
    while began.elapsed() < ROUND {
        for connection in &mut connections {
            let length = connection.read(&mut buffer)?;
            if !buffer[..length].starts_with(b"HTTP/1.1 200") {
                return Err(format!("the service said {}", String::from_utf8_lossy(&buffer[..length])).into());
            }
            connection.write_all(REQUEST)?;
            requests += 1;
        }
    }
    let elapsed = began.elapsed().as_secs_f64();
    let cpu = all.elapsed().saturating_sub(client.elapsed());
    Ok(Load { rate: requests as f64 / elapsed, cpu_micros: cpu.as_secs_f64() * 1e6 / requests as f64 })
}
