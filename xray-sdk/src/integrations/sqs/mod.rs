//! Consumers of SQS: a segment per message, or one per batch, that goes on with the trace of who sent it.
//!
//! ```no_run
//! use xray_sdk::aws_sdk::TraceInterceptor;
//! use xray_sdk::sqs::Consumer;
//!
//! # async fn handle(message: &aws_sdk_sqs::types::Message) -> Result<(), std::io::Error> { Ok(()) }
//! # async fn run(config: &aws_config::SdkConfig, queue: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let sqs = aws_sdk_sqs::Client::from_conf(aws_sdk_sqs::config::Builder::from(config).interceptor(TraceInterceptor::new()).build());
//! let consumer = Consumer::new("worker").queue(queue);
//! let received = sqs.receive_message().queue_url(queue).wait_time_seconds(20).send().await?;
//! for message in received.messages() {
//!     if consumer.message(message, handle(message)).await.is_ok() {
//!         sqs.delete_message().queue_url(queue).set_receipt_handle(message.receipt_handle.clone()).send().await?;
//!     }
//! }
//! # Ok(()) }
//! ```
//!
//! A client with [`crate::aws_sdk::TraceInterceptor`] puts the trace on each message that it sends, of batches too, and asks for it when it receives.
//! Polls make no subsegments, being outside of any segment. The segment has the message's age and attempts as annotations `message_age_ms` and
//! `message_attempts`, its id as metadata, and an `Err` of the work is a fault.
//!
//! A message without a header, or with one that cannot be read, begins a new trace; one whose sender was not sampled is not
//! recorded. Lambda's own consumers need none of this: see `xray_sdk::lambda`.

mod consumer;
mod facts;

pub use consumer::Consumer;
