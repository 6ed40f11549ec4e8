//! What a sampler is asked and what it answers.

use std::sync::Arc;
use std::time::Duration;

/// What rules can look at. A rule's pattern passes when the request lacks the value, as in the SDKs for Go, Python and Node.
#[derive(Clone, Copy, Debug, Default)]
pub struct SamplingRequest<'a> {
    /// The segment's name.
    pub service: &'a str,
    /// The `Host` header.
    pub host: Option<&'a str>,
    /// The method.
    pub method: Option<&'a str>,
    /// The path without the query string.
    pub path: Option<&'a str>,
    /// Where the service runs, by its origin: `AWS::ECS::Container`.
    pub service_type: Option<&'a str>,
    /// The ARN of the resource that the service runs on.
    pub resource_arn: Option<&'a str>,
    /// What else is known, for rules with attributes.
    pub attributes: &'a [(&'a str, &'a str)],
}

impl SamplingRequest<'_> {
    pub(super) fn attribute(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }
}

/// Draws with probability `rate`; the ends need no draw.
pub(super) fn is_drawn(rate: f64) -> bool {
    rate >= 1.0 || rate > 0.0 && fastrand::f64() < rate
}

/// What a sampler wants of a segment until it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Watch {
    /// Nothing.
    #[default]
    Nothing,
    /// To be told how it ended: [`Sampler::ended`]. What is not sampled is not recorded for that.
    Outcome,
    /// The same, and what is not sampled is recorded nevertheless, to be sent if the sampler then says so.
    Everything,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SamplingDecision {
    /// Whether to record.
    pub is_sampled: bool,
    /// The centralized rule that decided; local rules have no names.
    pub rule_name: Option<Arc<str>>,
    /// What the sampler wants to know later.
    pub watch: Watch,
}

/// How a watched segment ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SegmentOutcome<'a> {
    /// The rule that decided.
    pub rule_name: Option<&'a str>,
    /// Whether it was sampled.
    pub is_sampled: bool,
    /// The segment's name.
    pub service: &'a str,
    /// Method and path, such as `GET /orders/7`.
    pub operation: Option<&'a str>,
    /// The status code of the answer.
    pub status: Option<u16>,
    /// The caller's mistake, such as a 4xx.
    pub is_error: bool,
    /// The service's own, such as a 5xx.
    pub is_fault: bool,
    /// Too many requests.
    pub is_throttled: bool,
    /// From begin to end.
    pub duration: Duration,
    /// The end, in whole seconds since the epoch.
    pub now: u64,
}

impl SamplingDecision {
    /// A decision that no rule took.
    #[must_use]
    pub const fn unnamed(is_sampled: bool) -> Self {
        Self { is_sampled, rule_name: None, watch: Watch::Nothing }
    }
}

/// Decides whether a request without a decision is recorded. Must not block: it runs on the request's path.
pub trait Sampler: Send + Sync {
    /// Decides at `now`, in whole seconds since the epoch.
    fn decide(&self, request: &SamplingRequest<'_>, now: u64) -> SamplingDecision;

    /// Told how a segment ended that the decision wanted to [watch](Watch). Returns whether one that was recorded without being sampled is
    /// sent. Default: no.
    fn ended(&self, outcome: &SegmentOutcome<'_>) -> bool {
        let _ = outcome;
        false
    }
}

/// Records everything.
#[derive(Clone, Copy, Debug)]
pub struct SampleAll;

impl Sampler for SampleAll {
    fn decide(&self, _: &SamplingRequest<'_>, _: u64) -> SamplingDecision {
        SamplingDecision::unnamed(true)
    }
}

/// Records nothing but what callers have decided to record.
#[derive(Clone, Copy, Debug)]
pub struct SampleNone;

impl Sampler for SampleNone {
    fn decide(&self, _: &SamplingRequest<'_>, _: u64) -> SamplingDecision {
        SamplingDecision::unnamed(false)
    }
}
