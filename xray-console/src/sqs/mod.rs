//! The few operations of SQS that a producer, a consumer and their tests need, in memory: queues do not outlive the console.
//!
//! Messages keep `AWSTraceHeader`, taken from the message's system attribute or else from the call's HTTP header, as the service does it.

mod message;
mod operations;
mod queue;

pub(crate) use operations::Queues;
