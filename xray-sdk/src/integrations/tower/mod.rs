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
//! drops before there is a response are recorded as cancelled. With feature `axum` the matched route becomes the annotation
//! `http_route`. Use [`TraceLayer`] with hyper through `hyper_util::service::TowerToHyperService`.

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
