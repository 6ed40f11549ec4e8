//! [`CentralRule`]: one rule, what it has counted and what it may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use telemetry_wire::sampling::{SamplingRule, SamplingStatisticsDocument, SamplingTargetDocument};

use super::boost::Boost;

use crate::sampling::decision::{SamplingDecision, SamplingRequest, Watch, is_drawn};
use crate::sampling::reservoir::Reservoir;
use crate::sampling::wildcard::Pattern;

/// A rule, compiled. What it has counted outlives a refresh of the rules.
#[derive(Debug)]
pub(super) struct CentralRule {
    pub(super) name: Arc<str>,
    priority: u32,
    patterns: Patterns,
    reservoir_size: u32,
    fixed_rate: f64,
    /// Whether the service may raise the rate when requests go wrong; then it wants to know how they end.
    pub(super) has_boost: bool,
    pub(super) state: Arc<RuleState>,
}

#[derive(Debug)]
struct Patterns {
    host: Pattern,
    method: Pattern,
    path: Pattern,
    service: Pattern,
    kind: Pattern,
    resource: Pattern,
    attributes: Vec<(String, Pattern)>,
}

/// What changes between refreshes.
#[derive(Debug)]
pub(super) struct RuleState {
    requests: AtomicU32,
    sampled: AtomicU32,
    borrowed: AtomicU32,
    /// Bits of an `f64`: of the last target, else of the rule.
    rate: AtomicU64,
    /// Second until which the quota holds in the upper half, the quota plus one in the lower; zero is none.
    quota: AtomicU64,
    taken: Reservoir,
    borrow: Reservoir,
    pub(super) boost: Boost,
    /// Second of the last report, and seconds between two.
    reported: AtomicU64,
    interval: AtomicU32,
}

/// Seconds between two reports of a rule, until a target says otherwise.
const INTERVAL: u32 = 10;

impl CentralRule {
    /// Compiles a rule; one of this name from `before` hands on what it has counted, and its rate and quota unless the rate was changed.
    /// `None` when it is of a version that is not known, or out of range.
    pub(super) fn new(rule: SamplingRule, before: Option<&Self>) -> Option<Self> {
        let is_valid = rule.version == 1 && (0.0..=1.0).contains(&rule.fixed_rate) && !rule.rule_name.is_empty();
        if !is_valid {
            return None;
        }
        let state = before.map_or_else(|| Arc::new(RuleState::new(rule.fixed_rate)), |before| Arc::clone(&before.state));
        if before.is_some_and(|before| before.fixed_rate != rule.fixed_rate) {
            state.set_rate(rule.fixed_rate);
        }
        let patterns = Patterns {
            host: Pattern::new(rule.host),
            method: Pattern::new(rule.http_method),
            path: Pattern::new(rule.url_path),
            service: Pattern::new(rule.service_name),
            kind: Pattern::new(rule.service_type),
            resource: Pattern::new(rule.resource_arn),
            attributes: rule.attributes.into_iter().map(|(key, pattern)| (key, Pattern::new(pattern))).collect(),
        };
        Some(Self {
            name: rule.rule_name.into(),
            priority: rule.priority,
            patterns,
            reservoir_size: rule.reservoir_size,
            fixed_rate: rule.fixed_rate,
            has_boost: rule.sampling_rate_boost.is_some(),
            state,
        })
    }

    /// In this order rules are asked; `Default` is the last, whatever its priority.
    pub(super) fn rank(&self) -> (bool, u32, &str) {
        (&*self.name == "Default", self.priority, &self.name)
    }

    /// Whether the rule is for this request. A value that the request lacks passes, as in the SDKs for Go, Python and Node; attributes and
    /// the resource, which those never compare, do not.
    #[inline]
    pub(super) fn is_for(&self, request: &SamplingRequest<'_>) -> bool {
        let passes = |pattern: &Pattern, value: Option<&str>| value.is_none_or(|value| pattern.matches(value));
        let patterns = &self.patterns;
        passes(&patterns.path, request.path)
            && passes(&patterns.method, request.method)
            && passes(&patterns.host, request.host)
            && patterns.service.matches(request.service)
            && passes(&patterns.kind, request.service_type)
            && patterns.resource.matches(request.resource_arn.unwrap_or_default())
            && patterns.attributes.iter().all(|(key, pattern)| request.attribute(key).is_some_and(|value| pattern.matches(value)))
    }

    /// Decides at `now`, in whole seconds. A borrowed request counts as sampled too, as the service's documentation has it.
    #[inline]
    pub(super) fn decide(&self, now: u64) -> SamplingDecision {
        let state = &*self.state;
        state.requests.fetch_add(1, Ordering::Relaxed);
        let is_sampled = match state.quota_at(now) {
            Some(quota) => state.taken.take(quota, now) || self.draws(now),
            None if self.reservoir_size > 0 && state.borrow.take(1, now) => {
                state.borrowed.fetch_add(1, Ordering::Relaxed);
                true
            }
            None => self.draws(now),
        };
        if is_sampled {
            state.sampled.fetch_add(1, Ordering::Relaxed);
        }
        let watch = if self.has_boost { Watch::Outcome } else { Watch::Nothing };
        SamplingDecision { is_sampled, rule_name: Some(Arc::clone(&self.name)), watch }
    }

    #[inline]
    fn draws(&self, now: u64) -> bool {
        let rate = f64::from_bits(self.state.rate.load(Ordering::Relaxed));
        is_drawn(if self.has_boost { self.state.boost.raised(rate, now) } else { rate })
    }
}

impl RuleState {
    fn new(rate: f64) -> Self {
        Self {
            requests: AtomicU32::new(0),
            sampled: AtomicU32::new(0),
            borrowed: AtomicU32::new(0),
            rate: AtomicU64::new(rate.to_bits()),
            quota: AtomicU64::new(0),
            taken: Reservoir::default(),
            borrow: Reservoir::default(),
            boost: Boost::default(),
            reported: AtomicU64::new(0),
            interval: AtomicU32::new(INTERVAL),
        }
    }

    /// The quota, while it holds.
    #[inline]
    fn quota_at(&self, now: u64) -> Option<u32> {
        let word = self.quota.load(Ordering::Relaxed);
        (word >> 32 >= now).then(|| (word as u32).checked_sub(1)).flatten()
    }

    /// The rate of a rule that changed counts until a target comes.
    fn set_rate(&self, rate: f64) {
        self.rate.store(rate.to_bits(), Ordering::Relaxed);
    }

    /// What was counted since the last report, if it is time for one. It is gone from here: [`Self::put_back`] if it did not arrive.
    pub(super) fn take_statistics(&self, now: u64) -> Option<(u32, u32, u32)> {
        let due = self.reported.load(Ordering::Relaxed) + u64::from(self.interval.load(Ordering::Relaxed));
        // A clock that went backwards must not stop the reports.
        let is_due = now >= due || now < self.reported.load(Ordering::Relaxed);
        if !is_due || self.requests.load(Ordering::Relaxed) == 0 {
            return None;
        }
        self.reported.store(now, Ordering::Relaxed);
        let take = |counter: &AtomicU32| counter.swap(0, Ordering::Relaxed);
        Some((take(&self.requests), take(&self.sampled), take(&self.borrowed)))
    }

    /// Counts again what a failed report had taken.
    pub(super) fn put_back(&self, document: &SamplingStatisticsDocument) {
        self.requests.fetch_add(document.request_count, Ordering::Relaxed);
        self.sampled.fetch_add(document.sampled_count, Ordering::Relaxed);
        self.borrowed.fetch_add(document.borrow_count, Ordering::Relaxed);
    }

    /// Takes what the service allows from now on. Absent parts stay; nonsense is left out.
    pub(super) fn apply(&self, target: &SamplingTargetDocument) {
        if (0.0..=1.0).contains(&target.fixed_rate) {
            self.set_rate(target.fixed_rate);
        }
        if let (Some(quota), Some(until)) = (target.reservoir_quota, target.reservoir_quota_ttl)
            && (0.0..f64::from(u32::MAX)).contains(&until)
        {
            let word = (until as u64) << 32 | u64::from(quota.saturating_add(1));
            self.quota.store(word, Ordering::Relaxed);
        }
        if let Some(boost) = &target.sampling_boost {
            self.boost.apply(boost);
        }
        if let Some(interval) = target.interval.filter(|&interval| interval > 0) {
            self.interval.store(interval, Ordering::Relaxed);
        }
    }
}
