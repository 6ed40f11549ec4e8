//! [`Manifest`]: the rules of one refresh.

use std::collections::HashMap;

use telemetry_wire::sampling::SamplingRule;

use super::rule::CentralRule;
use crate::sampling::decision::{SamplingDecision, SamplingRequest, SegmentOutcome};

/// Rules in the order in which they are asked.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    pub(super) rules: Vec<CentralRule>,
}

impl Manifest {
    /// Compiles rules; those that `before` had too go on counting.
    pub(super) fn new(rules: Vec<SamplingRule>, before: Option<&Self>) -> Self {
        let known: HashMap<&str, &CentralRule> =
            before.into_iter().flat_map(|before| &before.rules).map(|rule| (&*rule.name, rule)).collect();
        let compile = |rule: SamplingRule| {
            let before = known.get(rule.rule_name.as_str()).copied();
            CentralRule::new(rule, before)
        };
        let mut rules: Vec<CentralRule> = rules.into_iter().filter_map(compile).collect();
        rules.sort_by(|a, b| a.rank().cmp(&b.rank()));
        Self { rules }
    }

    /// The first rule for the request decides; without `Default` there may be none.
    pub(super) fn decide(&self, request: &SamplingRequest<'_>, now: u64) -> Option<SamplingDecision> {
        self.rules.iter().find(|rule| rule.is_for(request)).map(|rule| rule.decide(now))
    }

    /// Counts for the boost of the rule that decided.
    pub(super) fn ended(&self, outcome: &SegmentOutcome<'_>, is_anomaly: bool) {
        let is_for = |rule: &&CentralRule| rule.has_boost && Some(&*rule.name) == outcome.rule_name;
        if let Some(rule) = self.rules.iter().find(is_for) {
            rule.state.boost.count(is_anomaly, outcome.is_sampled);
        }
    }
}
