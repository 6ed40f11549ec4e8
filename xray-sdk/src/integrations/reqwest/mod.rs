//! Client calls with reqwest: a subsegment per call, and the trace passed on.
//!
//! ```no_run
//! use xray_sdk::reqwest::RequestBuilderExt as _;
//!
//! # async fn run(client: reqwest::Client) -> Result<(), reqwest::Error> {
//! let response = client.get("http://payments/charge").send_traced().await?;
//! # Ok(()) }
//! ```
//!
//! The subsegment is named after the host, has namespace `remote`, method, URL without credentials and query, status and
//! length, and ends when the head of the response is there. Redirects and reqwest's own retries happen inside of it. A call
//! that fails is a fault with reqwest's chain of sources, never with the URL's query.
//!
//! `reqwest::blocking` has no traced form. Put such a call into a subsegment, and pass the trace on by hand:
//!
//! ```
//! # fn call_with(header: &str) {}
//! xray_sdk::in_subsegment("payments", |call| {
//!     call.namespace("remote");
//!     // request.header("x-amzn-trace-id", header)
//!     call.trace_header().iter().for_each(|header| call_with(&header.text().to_string()));
//! });
//! ```
//!
//! There are three shapes: the extension above; [`TraceLayer`] for `tower::ServiceBuilder` around a `reqwest::Client`; and, with
//! feature `reqwest-middleware`, a middleware for `reqwest_middleware::ClientBuilder`.

mod call;
mod extension;
mod layer;
#[cfg(feature = "reqwest-middleware")]
mod middleware;

pub use call::Settings;
pub use extension::{ClientExt, RequestBuilderExt};
pub use layer::{Trace, TraceLayer};
#[cfg(feature = "reqwest-middleware")]
pub use middleware::TraceMiddleware;
