//! Rules and quotas from X-Ray, through the agent.
//!
//! `rule` decides: atomics only, no lock, no allocation. `manifest` holds the rules of one refresh, swapped as a whole. `exchange` turns answers
//! into manifests and counts into reports. `poller` is the thread that asks; requests never wait for it.

mod anomalies;
mod boost;
mod exchange;
mod manifest;
mod poller;
mod rule;
mod sampler;
#[cfg(test)]
mod tests;

pub use sampler::CentralSampler;
