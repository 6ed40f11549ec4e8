//! An axum service, traced and untraced, under load: one server thread that is the bottleneck, one client thread, rounds in turn.

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use axum::extract::Path;
use axum::routing::get;
use axum::{Json, Router};
use cpu_time::ThreadTime;
use serde_json::{Value, json};
use xray_sdk::tower::TraceLayer;
use xray_sdk::traced;

use crate::ours::{self, Ours};

const CONNECTIONS: usize = 32;
const ROUNDS: usize = 11;
const ROUND: Duration = Duration::from_millis(700);

#[traced]
fn price(order: u64) -> u64 {
    std::hint::black_box(order) % 100
}

fn untraced_price(order: u64) -> u64 {
    std::hint::black_box(order) % 100
}

async fn traced_order(Path(order): Path<u64>) -> Json<Value> {
    Json(json!({"order": order, "price": price(order)}))
}

async fn order(Path(order): Path<u64>) -> Json<Value> {
    Json(json!({"order": order, "price": untraced_price(order)}))
}

/// Prints the table.
pub(crate) fn run(ours: &Ours) -> Result<(), Box<dyn Error>> {
    let untraced = Server::start(Router::new().route("/orders/{order}", get(order)))?;
    let traced = Server::start(Router::new().route("/orders/{order}", get(traced_order)).layer(TraceLayer::new("orders")))?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let pair = if round % 2 == 0 {
            [(&untraced, &mut without), (&traced, &mut with)]
        } else {
            [(&traced, &mut with), (&untraced, &mut without)]
        };
        for (server, rates) in pair {
            let rate = load(server.address)?;
            // The first round warms up.
            if round > 0 {
                rates.push(rate);
            }
        }
    }
    ours.flush();
    let ratios = with.iter().zip(&without).map(|(with, without)| with / without).collect();
    println!("### A traced service\n");
    println!(
        "axum with one layer and one `#[traced]` function, every request sampled, {CONNECTIONS} connections kept alive, one server \
         thread that is the bottleneck; medians of {ROUNDS} rounds in turn.\n"
    );
    println!("| untraced, requests/s | traced, requests/s | traced ÷ untraced |\n|---|---|---|");
    println!("| {:.0} | {:.0} | {:.3} |", median(without), median(with), median(ratios));
    ours::check(ours)
}

struct Server {
    address: SocketAddr,
}

impl Server {
    fn start(router: Router) -> Result<Self, Box<dyn Error>> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        std::thread::spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                axum::serve(listener, router).await
            })
        });
        Ok(Self { address })
    }
}

/// Requests per second. All connections are written before the first is read, so that the server always has work.
fn load(address: SocketAddr) -> Result<f64, Box<dyn Error>> {
    const REQUEST: &[u8] = b"GET /orders/4711 HTTP/1.1\r\nhost: orders.example.com\r\nuser-agent: bench\r\n\r\n";
    let mut connections = (0..CONNECTIONS).map(|_| TcpStream::connect(address)).collect::<Result<Vec<_>, _>>()?;
    let mut buffer = [0; 1_024];
    let (began, mut requests) = (Instant::now(), 0_u64);
    let client = ThreadTime::now();
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
    let elapsed = began.elapsed();
    if client.elapsed() > elapsed.mul_f64(0.95) {
        eprintln!("bench: the client was the bottleneck, so the ratio flatters");
    }
    Ok(requests as f64 / elapsed.as_secs_f64())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
