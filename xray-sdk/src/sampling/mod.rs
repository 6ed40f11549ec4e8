//! Which requests are recorded: rules, first match decides, a reservoir per second and a share of the rest.
//!
//! A decision takes no lock. An unsampled caller is never sampled again: the header's decision is obeyed before any rule.

mod decision;

mod wildcard;

mod reservoir;

mod local;

mod central;

pub use central::CentralSampler;
pub use decision::{SampleAll, SampleNone, Sampler, SamplingDecision, SamplingRequest, SegmentOutcome, Watch};
pub use local::LocalSampler;
pub use wildcard::matches_pattern;
