//! Calls of the AWS SDK: a subsegment per operation, a child per repeated attempt, and the trace passed on.
//!
//! In one line per client, with everything there is to know:
//!
//! ```no_run
//! # async fn run() {
//! use xray_sdk::aws_sdk::TraceInterceptor;
//!
//! let config = aws_config::load_from_env().await;
//! let sqs = aws_sdk_sqs::Client::from_conf(aws_sdk_sqs::config::Builder::from(&config).interceptor(TraceInterceptor::new()).build());
//! # drop(sqs); }
//! ```
//!
//! Or once for every client that is made of a configuration, with the facts that requests and answers show:
//!
//! ```no_run
//! # async fn run() {
//! let config = xray_sdk::aws_sdk::traced(aws_config::load_from_env().await);
//! # drop(config); }
//! ```
//!
//! Each call is recorded once, by the interceptor, where both are in use. The HTTP client records what requests and answers show: each attempt as
//! a subsegment, timeouts of an operation as cancelled, no call that fails before its request, no trace on messages and events.
//! `docs/aws-calls.md` in the repository compares both.
//!
//! A subsegment ends with the head of the answer. The body of a streaming operation, such as `GetObject` of S3, is read afterwards: put the code that
//! reads it into a subsegment of its own.
//!
//! The subsegment has the service's name, namespace `aws`, operation, region, request ids, retries, status and length; tables, queues, buckets,
//! topics, functions and the like by name, never a message, an item or a key. [`TraceInterceptor::capture`] adds members of inputs. Throttling is
//! told by the SDK's own classification; other 4xx are errors, 5xx, timeouts and calls without an answer are faults. An operation that
//! is dropped is cancelled. Presigning makes no subsegment.
//!
//! `X-Amzn-Trace-Id` is on every attempt, in Lambda too, where the AWS SDK would take that of the environment. With feature `sqs` the trace is on
//! every message that is sent, with `eventbridge` on every event.

mod attributes;
mod body;
mod error_body;
mod http_client;
mod interceptor;
mod members;
mod names;
mod operation;
mod outcome;
mod wire;

pub use http_client::{TracedHttpClient, traced};
pub use interceptor::TraceInterceptor;
