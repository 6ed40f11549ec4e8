//! The shop: storefront → orders → payments, three axum services that call each other with reqwest; orders go to a worker by a queue.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::{Path as UrlPath, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde_json::json;
use xray_sdk::reqwest::RequestBuilderExt as _;
use xray_sdk::tower::TraceLayer;
use xray_sdk::{Classification, Context, SegmentId, TraceId, traced};

use crate::backend::Backend;

pub(crate) const NAMESPACE: &str = "Shop";
pub(crate) const LOG_GROUP: &str = "/shop/app";

/// What the shop did, noted where it happened: the measure for what arrives.
#[derive(Debug)]
pub(crate) struct Sent {
    segments: Mutex<Vec<(TraceId, SegmentId)>>,
    metrics: Mutex<BTreeMap<&'static str, f64>>,
    lines: AtomicU64,
    log: Mutex<File>,
}

impl Sent {
    pub(crate) fn create(log: &Path) -> io::Result<Self> {
        Ok(Self { segments: Mutex::default(), metrics: Mutex::default(), lines: AtomicU64::new(0), log: Mutex::new(File::create(log)?) })
    }

    pub(crate) fn segments(&self) -> Vec<(TraceId, SegmentId)> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn metrics(&self) -> BTreeMap<&'static str, f64> {
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn lines(&self) -> u64 {
        self.lines.load(Ordering::Relaxed)
    }

    /// Called first thing in a handler, where the current entity is the segment.
    pub(crate) fn note_segment(&self) {
        let context = Context::current();
        if let (Some(trace), Some(id)) = (context.trace_id(), context.entity_id()) {
            self.segments.lock().unwrap_or_else(PoisonError::into_inner).push((trace, id));
        }
    }

    fn add_to_metric(&self, name: &'static str, value: f64) {
        *self.metrics.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += value;
    }

    /// Writes a JSON line with the current trace id.
    fn log(&self, service: &str, level: &str, message: &str) {
        let line = self.lines.fetch_add(1, Ordering::Relaxed);
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
        let trace = xray_sdk::trace_id().map(|id| id.to_string());
        let line = json!({ "timestamp": time, "level": level, "service": service, "message": message, "traceId": trace, "line": line });
        if let Err(error) = writeln!(self.log.lock().unwrap_or_else(PoisonError::into_inner), "{line}") {
            eprintln!("the log line is lost: {error}");
        }
    }
}

/// The running services.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) storefront: SocketAddr,
    pub(crate) orders: SocketAddr,
    pub(crate) payments: SocketAddr,
    service: Service,
}

/// What every service has.
#[derive(Clone, Debug)]
struct Service {
    name: &'static str,
    next: Option<SocketAddr>,
    client: reqwest::Client,
    statsd: Arc<UdpSocket>,
    sent: Arc<Sent>,
    backend: Arc<Backend>,
}

impl Shop {
    pub(crate) async fn open(statsd: SocketAddr, sent: Arc<Sent>, backend: Arc<Backend>) -> io::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(statsd)?;
        let client = reqwest::Client::new();
        let service = Service { name: "payments", next: None, client, statsd: Arc::new(socket), sent, backend };
        let payments = serve(service.clone(), Router::new().route("/charge/{order}", post(charge))).await?;
        let orders = Service { name: "orders", next: Some(payments), ..service.clone() };
        let orders = serve(orders, Router::new().route("/order/{order}", post(order))).await?;
        let storefront = Service { name: "storefront", next: Some(orders), ..service.clone() };
        let routes = Router::new()
            .route("/checkout/{order}", post(checkout))
            .route("/product/{sku}", get(product))
            .route("/health", get(|| async { "ok" }));
        let storefront = serve(storefront, routes).await?;
        Ok(Self { storefront, orders, payments, service: Service { name: "jobs", ..service } })
    }

    /// One customer; returns the status.
    pub(crate) async fn visit(&self, number: u64) -> Result<StatusCode, reqwest::Error> {
        let client = &self.service.client;
        let request = if number % 3 == 2 {
            client.get(format!("http://{}/product/{}", self.storefront, number % 7))
        } else {
            client.post(format!("http://{}/checkout/{number}", self.storefront))
        };
        Ok(request.send().await?.status())
    }

    /// The background job.
    pub(crate) async fn restock(&self, number: u64) {
        restock(&self.service, number).await;
    }
}

/// Serves on a free port, traced under the service's name.
async fn serve(service: Service, routes: Router<Service>) -> io::Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let app = routes.layer(TraceLayer::new(service.name).exclude("/health")).with_state(service);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, app).await {
            eprintln!("a service stopped: {error}");
        }
    });
    Ok(address)
}

impl Service {
    fn count(&self, name: &'static str) {
        self.send_metric(name, &format!("{name}:1|c"), 1.0);
    }

    fn time(&self, name: &'static str, since: Instant) {
        let millis = since.elapsed().as_millis() as f64;
        self.send_metric(name, &format!("{name}:{millis}|ms"), millis);
    }

    fn send_metric(&self, name: &'static str, line: &str, value: f64) {
        match self.statsd.send(line.as_bytes()) {
            Ok(_) => self.sent.add_to_metric(name, value),
            Err(error) => eprintln!("the metric is lost: {error}"),
        }
    }

    fn info(&self, message: &str) {
        self.sent.log(self.name, "INFO", message);
    }

    fn error(&self, message: &str) {
        self.sent.log(self.name, "ERROR", message);
    }

    /// Calls the service behind this one.
    async fn call_next(&self, path: &str) -> Result<StatusCode, CallError> {
        let Some(next) = self.next else { return Ok(StatusCode::OK) };
        let response = self.client.post(format!("http://{next}{path}")).send_traced().await?;
        Ok(response.status())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the next service did not answer")]
struct CallError(#[from] reqwest::Error);

#[traced(annotate(sku))]
async fn look_up(sku: u64) -> u64 {
    pause(2, 6).await;
    sku * 199
}

async fn product(State(service): State<Service>, UrlPath(sku): UrlPath<u64>) -> String {
    service.sent.note_segment();
    service.count("product.views");
    let cents = look_up(sku).await;
    format!("{{\"sku\":{sku},\"cents\":{cents}}}")
}

async fn checkout(State(service): State<Service>, UrlPath(number): UrlPath<u64>) -> StatusCode {
    service.sent.note_segment();
    let began = Instant::now();
    xray_sdk::set_user(["alice", "bob", "carol", "dave"][number as usize % 4]);
    xray_sdk::annotate("tenant", ["t1", "t2", "t3"][number as usize % 3]);
    xray_sdk::annotate("order", number);
    service.info(&format!("checkout of order {number}"));
    let status = match validate_cart(number).await {
        Ok(()) => service.call_next(&format!("/order/{number}")).await.unwrap_or(StatusCode::BAD_GATEWAY),
        Err(_) => StatusCode::BAD_REQUEST,
    };
    service.count("checkouts");
    service.time("checkout.time", began);
    status
}

#[derive(Debug, thiserror::Error)]
#[error("the cart is empty")]
struct EmptyCart;

fn is_the_customers(_: &EmptyCart) -> Classification {
    Classification::Error
}

/// A handled error: recorded on this subsegment, and answered with 400.
#[traced(err = is_the_customers, metadata(cart = [number, number + 1]))]
async fn validate_cart(number: u64) -> Result<(), EmptyCart> {
    pause(1, 3).await;
    if number % 17 == 16 { Err(EmptyCart) } else { Ok(()) }
}

async fn order(State(service): State<Service>, UrlPath(number): UrlPath<u64>) -> StatusCode {
    service.sent.note_segment();
    reserve(number).await;
    let status = service.call_next(&format!("/charge/{number}")).await.unwrap_or(StatusCode::BAD_GATEWAY);
    match status {
        StatusCode::OK => {
            if let Err(error) = service.backend.keep(number as i64).await {
                service.error(&format!("order {number} is not kept: {error}"));
                return StatusCode::INTERNAL_SERVER_ERROR;
            }
            service.count("orders.placed");
            service.info(&format!("order {number} placed"));
            StatusCode::CREATED
        }
        status => {
            service.error(&format!("order {number} not placed: payments answered {status}"));
            status
        }
    }
}

/// Every seventh order waits for the warehouse: the slow path.
#[traced(annotate(slow = number % 7 == 6))]
async fn reserve(number: u64) {
    if number % 7 == 6 { pause(120, 260).await } else { pause(2, 8).await }
}

async fn charge(State(service): State<Service>, UrlPath(number): UrlPath<u64>) -> StatusCode {
    service.sent.note_segment();
    if number % 13 == 12 {
        service.error("too many charges, come back later");
        return StatusCode::TOO_MANY_REQUESTS;
    }
    match ask_gateway(number).await {
        Ok(()) => StatusCode::OK,
        Err(error) => {
            service.error(&format!("gateway did not answer for order {number}: {error}"));
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the gateway gave up on order {order}")]
struct GatewayTimeout {
    order: u64,
    source: io::Error,
}

/// A fault with a chain of exceptions.
#[traced(name = "charge card", annotate(order))]
async fn ask_gateway(order: u64) -> Result<(), GatewayTimeout> {
    pause(5, 25).await;
    if order % 11 == 10 {
        let source = io::Error::new(io::ErrorKind::TimedOut, "no answer within 300 ms");
        return Err(GatewayTimeout { order, source });
    }
    Ok(())
}

#[traced(segment, name = "restock", annotate(number))]
async fn restock(service: &Service, number: u64) {
    service.sent.note_segment();
    for shelf in 0..3 {
        count_shelf(shelf).await;
    }
    service.count("restocks");
    service.info(&format!("restocked {number}"));
}

#[traced(annotate(shelf))]
async fn count_shelf(shelf: u32) {
    pause(1, 4).await;
}

/// Work that takes from `least` to `most` milliseconds.
async fn pause(least: u64, most: u64) {
    tokio::time::sleep(Duration::from_millis(fastrand::u64(least..=most))).await;
}
