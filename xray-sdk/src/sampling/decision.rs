//! What a sampler is asked and what it answers.

use std::sync::Arc;

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

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SamplingDecision {
    /// Whether to record.
    pub is_sampled: bool,
    /// The centralized rule that decided; local rules have no names.
    pub rule_name: Option<Arc<str>>,
}

impl SamplingDecision {
    /// A decision that no rule took.
    #[must_use]
    pub const fn unnamed(is_sampled: bool) -> Self {
        Self { is_sampled, rule_name: None }
    }
}

/// Decides whether a request without a decision is recorded. Must not block: it runs on the request's path.
pub trait Sampler: Send + Sync {
    /// Decides at `now`, in whole seconds since the epoch.
    fn decide(&self, request: &SamplingRequest<'_>, now: u64) -> SamplingDecision;
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
