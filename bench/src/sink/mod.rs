//! AWS on loopback: takes what an agent sends, knows every document by its number, and misbehaves when told to.
//!
//! It answers PutTraceSegments, PutTelemetryRecords, GetSamplingRules and GetSamplingTargets over HTTP/1. A document that it said yes to has
//! arrived, also if the answer was lost on the way: what comes again is a duplicate. How it behaves is a [`Conduct`], which can be changed at
//! any moment; a list of them with their moments is played by [`Sink::play`].

mod answer;
mod conduct;
mod server;
mod tally;
mod tls;

pub(crate) use conduct::{Conduct, Door, Fault, Latency};
pub(crate) use server::Sink;
pub(crate) use tally::Arrivals;

#[cfg(test)]
mod tests;
