//! Server layer for axum, hyper and tonic: a segment per request.
//!
//! ```
//! use axum::{Router, routing::get};
//! use xray_sdk::tower::TraceLayer;
//!
//! let app: Router = Router::new()
//!     .route("/orders/{id}", get(|| async { "order" }))
//!     .route("/health", get(|| async { "ok" }))
//!     .layer(TraceLayer::new("orders").exclude("/health"));
//! ```
//!
//! The segment has the method, URL without query, user agent, client address, status and length; it goes on with the trace
//! of `X-Amzn-Trace-Id`, else of `traceparent`; 4xx is an error, 429 a throttle too, 5xx a fault. It ends when the response's
//! body ends or is dropped, not when the headers are sent: an aborted body is recorded as such. Requests that the client
//! drops before there is a response are recorded as cancelled. The matched route becomes the annotation `http_route`, with feature
//! `axum`.
//!
//! The segment of a request that upgrades its connection, such as to a WebSocket, ends with the 101. Code that runs on the connection afterwards has no
//! context of it. Begin a segment there for each message or session, below the request if it should be one trace:
//!
//! ```
//! # fn on_upgrade(work: impl FnOnce()) { work() }
//! let request = xray_sdk::Context::current().trace_header();
//! on_upgrade(move || {
//!     let session = xray_sdk::Segment::begin_from("chat", &request.unwrap_or_default());
//!     session.context().in_scope(|| drop(xray_sdk::subsegment("message")));
//! });
//! ```
//!
//! Use [`TraceLayer`] with hyper through `hyper_util::service::TowerToHyperService`.

mod naming;

mod settings;

mod body;

mod future;

mod service;

mod layer;

pub use body::TracedBody;
pub use future::ResponseFuture;
pub use layer::TraceLayer;
pub use naming::Naming;
pub use service::Trace;
