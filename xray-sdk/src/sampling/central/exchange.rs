//! [`Exchange`]: what is asked when, and what is made of the answers. It is told the time and the agent's words, so tests drive it by hand.

use std::io;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use serde_json::json;
use telemetry_wire::sampling::{
    GetSamplingRulesResponse, GetSamplingTargetsRequest, GetSamplingTargetsResponse, SamplingStatisticsDocument,
};

use super::manifest::Manifest;

/// Asks the agent: a path and a body, for the body of a good answer.
pub(super) trait Ask {
    fn ask(&mut self, path: &str, body: &[u8]) -> io::Result<Vec<u8>>;
}

/// Seconds between two refreshes of the rules.
const RULES_EVERY: u64 = 300;
/// Seconds for which rules hold without a refresh.
const RULES_HOLD: u64 = 3_600;
/// Statistics documents of one call, the service's limit.
const DOCUMENTS: usize = 25;
/// Pages of rules; a token that never ends is the service's mistake.
const PAGES: usize = 100;

/// The state of the exchange with the service.
#[derive(Debug)]
pub(super) struct Exchange {
    client_id: String,
    /// Who reports how requests end.
    service: String,
    manifest: Arc<ArcSwapOption<Manifest>>,
    refreshed: Option<u64>,
    next_refresh: u64,
    /// The last answer of the agent, for who asks why rules are not in force.
    is_failing: bool,
}

impl Exchange {
    pub(super) fn new(manifest: Arc<ArcSwapOption<Manifest>>, service: String) -> Self {
        let random = fastrand::u128(..);
        let client_id = format!("{random:032x}").split_off(8);
        Self { client_id, service, manifest, refreshed: None, next_refresh: 0, is_failing: false }
    }

    /// Does what is due at `now`, in whole seconds.
    pub(super) fn tick(&mut self, agent: &mut impl Ask, now: u64) {
        let is_clock_back = self.refreshed.is_some_and(|refreshed| now < refreshed);
        if now >= self.next_refresh || is_clock_back {
            self.refresh(agent, now);
        }
        if self.refreshed.is_some_and(|refreshed| now.saturating_sub(refreshed) > RULES_HOLD) {
            self.manifest.store(None);
        }
        self.report(agent, now);
    }

    /// Asks for all pages of rules. After a failure the rules in force stay, and the next tick tries again.
    fn refresh(&mut self, agent: &mut impl Ask, now: u64) {
        match all_rules(agent) {
            Ok(rules) => {
                let before = self.manifest.load_full();
                self.manifest.store(Some(Arc::new(Manifest::new(rules, before.as_deref()))));
                self.refreshed = Some(now);
                self.next_refresh = now + RULES_EVERY + fastrand::u64(0..=5);
                self.succeeded();
            }
            Err(error) => self.failed(&error),
        }
    }

    fn report(&mut self, agent: &mut impl Ask, now: u64) {
        let Some(manifest) = self.manifest.load_full() else { return };
        let documents: Vec<SamplingStatisticsDocument> = manifest.rules.iter().filter_map(|rule| self.statistics(rule, now)).collect();
        let boosted = manifest.rules.iter().filter(|rule| rule.has_boost);
        let boosts: Vec<_> = boosted.filter_map(|rule| rule.state.boost.take(&rule.name, &self.service, now)).collect();
        for turn in 0..documents.len().max(boosts.len()).div_ceil(DOCUMENTS) {
            let request = GetSamplingTargetsRequest {
                sampling_statistics_documents: turn_of(&documents, turn),
                sampling_boost_statistics_documents: turn_of(&boosts, turn),
            };
            match targets(agent, &request) {
                Ok(answer) => self.apply(&manifest, &answer, now),
                Err(error) => {
                    put_back(&manifest, &request);
                    self.failed(&error);
                }
            }
        }
    }

    fn statistics(&self, rule: &super::rule::CentralRule, now: u64) -> Option<SamplingStatisticsDocument> {
        let (request_count, sampled_count, borrow_count) = rule.state.take_statistics(now)?;
        Some(SamplingStatisticsDocument {
            rule_name: rule.name.to_string(),
            client_id: self.client_id.clone(),
            timestamp: now as f64,
            request_count,
            sampled_count,
            borrow_count,
        })
    }

    /// Statistics of rules that the service does not know (4xx), and rules changed since our last refresh, ask for one at the next tick.
    fn apply(&mut self, manifest: &Manifest, answer: &GetSamplingTargetsResponse, now: u64) {
        for target in &answer.sampling_target_documents {
            if let Some(rule) = manifest.rules.iter().find(|rule| *rule.name == *target.rule_name) {
                rule.state.apply(target);
            }
        }
        let has_changed = self.refreshed.is_some_and(|refreshed| answer.last_rule_modification > refreshed as f64);
        let mut refused = answer.unprocessed_statistics.iter().chain(&answer.unprocessed_boost_statistics);
        let is_unknown = refused.any(|refused| refused.error_code.starts_with('4'));
        if has_changed || is_unknown {
            self.next_refresh = now;
        }
        self.succeeded();
    }

    const fn succeeded(&mut self) {
        self.is_failing = false;
    }

    /// One line per outage.
    fn failed(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.is_failing, true) {
            log::warn!("X-Ray: no sampling rules from the agent ({error}); local rules decide until it answers");
        }
    }
}

fn all_rules(agent: &mut impl Ask) -> io::Result<Vec<telemetry_wire::sampling::SamplingRule>> {
    let mut rules = Vec::new();
    let mut token = None;
    for _ in 0..PAGES {
        let body = token.map_or_else(|| json!({}), |token: String| json!({ "NextToken": token }));
        let answer = agent.ask("/GetSamplingRules", body.to_string().as_bytes())?;
        let page = GetSamplingRulesResponse::parse(&answer).map_err(io::Error::other)?;
        rules.extend(page.sampling_rule_records.into_iter().map(|record| record.sampling_rule));
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(rules);
        }
    }
    Err(io::Error::other(format!("more than {PAGES} pages of rules")))
}

/// As many as one call takes.
fn turn_of<T: Clone>(documents: &[T], turn: usize) -> Vec<T> {
    documents.iter().skip(turn * DOCUMENTS).take(DOCUMENTS).cloned().collect()
}

/// Counts again what did not arrive.
fn put_back(manifest: &Manifest, request: &GetSamplingTargetsRequest) {
    let state = |name: &str| manifest.rules.iter().find(|rule| *rule.name == *name).map(|rule| &rule.state);
    for document in &request.sampling_statistics_documents {
        state(&document.rule_name).into_iter().for_each(|state| state.put_back(document));
    }
    for document in &request.sampling_boost_statistics_documents {
        state(&document.rule_name).into_iter().for_each(|state| state.boost.put_back(document));
    }
}

fn targets(agent: &mut impl Ask, request: &GetSamplingTargetsRequest) -> io::Result<GetSamplingTargetsResponse> {
    let body = serde_json::to_vec(request).map_err(io::Error::other)?;
    serde_json::from_slice(&agent.ask("/SamplingTargets", &body)?).map_err(io::Error::other)
}
