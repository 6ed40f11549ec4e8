//! A stand-in for AWS on loopback: takes what an agent sends, knows every item by its number, and fails as it is configured to.
//!
//! It answers PutTraceSegments, PutTelemetryRecords, GetSamplingRules, GetSamplingTargets, PutMetricData (RPC v2 CBOR), PutLogEvents
//! and the creation of groups and streams over HTTP/1. Signatures are not checked. A document that it said yes to has
//! arrived, also if the answer was lost on the way: what comes again is a duplicate. How it behaves is a [`Conduct`], which can be changed at
//! any moment; a list of them with their moments is played by [`Sink::play`].

mod answer;
mod conduct;
mod numbers;
mod put;
mod server;
mod tally;
mod tls;

pub(crate) use conduct::{Conduct, Door, Fault, Latency};
pub(crate) use numbers::Numbers;
pub(crate) use server::Sink;
pub(crate) use tally::Arrivals;

#[cfg(test)]
mod tests;
