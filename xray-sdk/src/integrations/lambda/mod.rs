//! Lambda functions with `lambda_runtime` 1.x and `lambda_http`: a subsegment per invocation, below the function's own segment.
//!
//! ```no_run
//! use lambda_runtime::{Error, LambdaEvent, service_fn};
//! use serde_json::Value;
//!
//! #[xray_sdk::traced]
//! async fn greet(name: &str) -> String {
//!     format!("hello {name}")
//! }
//!
//! # async fn run() -> Result<(), Error> {
//! let _xray = xray_sdk::init("greeter")?;
//! let handler = |event: LambdaEvent<Value>| async move { Ok::<_, Error>(greet(event.payload["name"].as_str().unwrap_or("you")).await) };
//! lambda_runtime::run(xray_sdk::lambda::TraceHandler::new(service_fn(handler))).await
//! # }
//! ```
//!
//! Lambda itself makes the segment of a function; it is known by the trace header of each invocation only, which comes from the invocation's
//! [`lambda_runtime::Context`] and never from the environment: functions with several invocations at once have no such variable. Everything
//! recorded hangs below that segment and is sent before the response is handed back, because the sandbox may freeze right after. A
//! header that leaves the decision open (Lambda's mode `PassThrough`) is passed on as it came, and nothing is recorded.
//!
//! An invocation that is still running 200 ms before the function's limit is sent as it is: what has finished inside, and the subsegment as in
//! progress. Lambda kills the function at the limit without a word to it.
//!
//! With a streamed response the subsegment ends when the handler returns the response, before its stream is read. With feature `stream`,
//! `body.in_subsegment("body").in_context(Context::current())` in the handler records the stream below it, with its errors and its time; that subsegment is
//! sent when the stream ends.
//!
//! The subsegment is named `handler`, has the annotation `cold_start`, and the request's id as metadata. An `Err` is a fault with its `Debug`
//! form, since nothing else is known of it; a panic is a fault and goes on.
//!
//! * With `lambda_http`: `lambda_http::run(HttpLayer::new().layer(service))`, which records method, URL, user agent, client address, status and length too.
//! * [`crate::tower::TraceLayer`] inside of an invocation opens no segment; on axum's routes it adds the annotation `http_route`. Without an `HttpLayer` or
//!   `TraceHandler` around it, it opens a segment of its own: a second node on the map beside the function's. A warning says so once.
//! * Messages of SQS: Lambda links their traces with the invocation's by itself; [`message`] makes a subsegment that is recorded only if
//!   the sender's trace is.
//! * [`FlushLayer`] for [`lambda_runtime::Runtime::layer`] sends what is left after the response, before the sandbox may freeze; needed with
//!   emitters that keep something.
//! * [`SnapStart`] for `register_snapstart_resource`.

mod deadline;
mod flush;
mod handler;
mod http;
mod invocation;
mod message;
mod snapstart;

pub use flush::{Flush, FlushFuture, FlushLayer};
pub use handler::{HandlerFuture, TraceHandler};
pub use http::{HttpFuture, HttpLayer, HttpTrace};
pub use message::{is_sampled, message};
pub use snapstart::SnapStart;
