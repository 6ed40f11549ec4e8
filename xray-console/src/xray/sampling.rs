//! GetSamplingTargets: quotas, split over the clients that report. And what they reported, for people.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::{Value, json};
use telemetry_wire::sampling::{
    GetSamplingTargetsRequest, GetSamplingTargetsResponse, SamplingBoost, SamplingBoostStatisticsDocument, SamplingRateBoost, SamplingRule,
    SamplingStatisticsDocument, SamplingTargetDocument, UnprocessedStatistics,
};

use super::rules::{all_rules, last_modification};
use crate::clock::now;
use crate::protocol::ApiError;
use crate::storage::Storage;

/// Seconds until clients report again, the service's own figure.
const INTERVAL: u32 = 10;
/// Seconds for which a quota holds.
const QUOTA_SECONDS: f64 = 300.0;
/// Seconds after which a silent client loses its share of the reservoir.
const FORGET_AFTER: f64 = 30.0;
/// Seconds for which a boost holds; the service's own last no longer.
const BOOST_SECONDS: f64 = 60.0;
/// Statistics documents per call, of each kind.
const DOCUMENTS: usize = 25;

/// What clients have reported of late, by rule.
#[derive(Debug, Default)]
pub(crate) struct SamplingClients(Mutex<BTreeMap<String, RuleReports>>);

#[derive(Debug, Default)]
struct RuleReports {
    /// Client, and when it was heard of last.
    clients: BTreeMap<String, f64>,
    requests: u64,
    sampled: u64,
    borrowed: u64,
    anomalies: u64,
    reported: f64,
    boost: Option<SamplingBoost>,
}

/// The reports on a rule since the console started.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleSummary {
    pub(crate) clients: usize,
    pub(crate) requests: u64,
    pub(crate) sampled: u64,
    pub(crate) borrowed: u64,
    pub(crate) anomalies: u64,
    pub(crate) reported: f64,
    /// The rate that counts just now instead of the rule's.
    pub(crate) boost_rate: Option<f64>,
}

impl SamplingClients {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, RuleReports>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a report, and gives the client's place among those that share the reservoir, and their number.
    fn reported(&self, statistics: &SamplingStatisticsDocument, now: f64) -> (usize, usize) {
        let mut rules = self.lock();
        let reports = rules.entry(statistics.rule_name.clone()).or_default();
        reports.clients.insert(statistics.client_id.clone(), now);
        reports.clients.retain(|_, seen| now - *seen < FORGET_AFTER);
        reports.requests += u64::from(statistics.request_count);
        reports.sampled += u64::from(statistics.sampled_count);
        reports.borrowed += u64::from(statistics.borrow_count);
        reports.reported = now;
        let place = reports.clients.keys().position(|client| *client == statistics.client_id).unwrap_or_default();
        (place, reports.clients.len())
    }

    /// Counts what went wrong. Any of it raises the rate for a while, unless it was raised too recently.
    fn went_wrong(&self, statistics: &SamplingBoostStatisticsDocument, limits: SamplingRateBoost, now: f64) {
        let mut rules = self.lock();
        let reports = rules.entry(statistics.rule_name.clone()).or_default();
        reports.anomalies += u64::from(statistics.anomaly_count);
        let rests_until = reports.boost.map_or(0.0, |boost| boost.boost_rate_ttl + f64::from(limits.cooldown_window_minutes) * 60.0);
        if statistics.anomaly_count > 0 && now >= rests_until {
            reports.boost = Some(SamplingBoost { boost_rate: limits.max_rate, boost_rate_ttl: now + BOOST_SECONDS });
        }
    }

    fn boost(&self, rule: &str, now: f64) -> Option<SamplingBoost> {
        self.lock().get(rule).and_then(|reports| reports.boost_at(now))
    }

    /// By rule.
    pub(crate) fn summaries(&self) -> BTreeMap<String, RuleSummary> {
        let now = now();
        let summary = |reports: &RuleReports| RuleSummary {
            clients: reports.clients.values().filter(|&&seen| now - seen < FORGET_AFTER).count(),
            requests: reports.requests,
            sampled: reports.sampled,
            borrowed: reports.borrowed,
            anomalies: reports.anomalies,
            boost_rate: reports.boost_at(now).map(|boost| boost.boost_rate),
            reported: reports.reported,
        };
        self.lock().iter().map(|(rule, reports)| (rule.clone(), summary(reports))).collect()
    }
}

impl RuleReports {
    fn boost_at(&self, now: f64) -> Option<SamplingBoost> {
        self.boost.filter(|boost| now < boost.boost_rate_ttl)
    }
}

/// A client's part: all parts add up to the reservoir.
fn share(reservoir: u32, place: usize, clients: usize) -> u32 {
    let clients = u32::try_from(clients.max(1)).unwrap_or(u32::MAX);
    reservoir / clients + u32::from((place as u32) < reservoir % clients)
}

/// GetSamplingTargets.
pub(crate) async fn get_sampling_targets(storage: &Storage, clients: &SamplingClients, input: &Value) -> Result<Value, ApiError> {
    let request: GetSamplingTargetsRequest =
        serde_json::from_value(input.clone()).map_err(|error| ApiError::invalid_request(error.to_string()))?;
    if request.sampling_statistics_documents.len().max(request.sampling_boost_statistics_documents.len()) > DOCUMENTS {
        return Err(ApiError::invalid_request(format!(
            "more than {DOCUMENTS} SamplingStatisticsDocuments or SamplingBoostStatisticsDocuments"
        )));
    }
    let rules = all_rules(storage).await?;
    let now = now();
    let mut response =
        GetSamplingTargetsResponse { last_rule_modification: last_modification(storage, &rules).await?, ..Default::default() };
    let known = |name: &str| rules.iter().map(|record| &record.sampling_rule).find(|rule| rule.rule_name == name);
    for statistics in request.sampling_boost_statistics_documents {
        match known(&statistics.rule_name).and_then(|rule| rule.sampling_rate_boost) {
            Some(limits) => clients.went_wrong(&statistics, limits, now),
            None => {
                response.unprocessed_boost_statistics.push(unprocessed(statistics.rule_name, "there is no rule of this name with a boost"))
            }
        }
    }
    for statistics in request.sampling_statistics_documents {
        match known(&statistics.rule_name) {
            Some(rule) => {
                let share = clients.reported(&statistics, now);
                let boost = clients.boost(&rule.rule_name, now);
                response.sampling_target_documents.push(target(rule, share, boost, now));
            }
            None => response.unprocessed_statistics.push(unprocessed(statistics.rule_name, "there is no rule of this name")),
        }
    }
    Ok(json!(response))
}

fn unprocessed(rule_name: String, message: &str) -> UnprocessedStatistics {
    UnprocessedStatistics { rule_name, error_code: "400".into(), message: message.to_owned() }
}

fn target(rule: &SamplingRule, (place, clients): (usize, usize), boost: Option<SamplingBoost>, now: f64) -> SamplingTargetDocument {
    SamplingTargetDocument {
        rule_name: rule.rule_name.clone(),
        fixed_rate: rule.fixed_rate,
        reservoir_quota: Some(share(rule.reservoir_size, place, clients)),
        reservoir_quota_ttl: Some(now + QUOTA_SECONDS),
        interval: Some(INTERVAL),
        sampling_boost: boost,
    }
}

/// GetSamplingStatisticSummaries.
pub(crate) fn get_sampling_statistic_summaries(clients: &SamplingClients) -> Value {
    let summaries: Vec<Value> = clients
        .summaries()
        .into_iter()
        .map(|(rule, summary)| {
            json!({ "RuleName": rule, "Timestamp": summary.reported, "RequestCount": summary.requests, "SampledCount": summary.sampled,
                "BorrowCount": summary.borrowed })
        })
        .collect();
    json!({ "SamplingStatisticSummaries": summaries })
}

/// Rules with what was reported on each, for the page.
pub(crate) async fn rules_with_reports(storage: &Storage, clients: &SamplingClients) -> Result<Vec<Value>, ApiError> {
    let mut summaries = clients.summaries();
    let with_report = |record: telemetry_wire::sampling::SamplingRuleRecord| {
        let reports = summaries.remove(&record.sampling_rule.rule_name);
        json!({ "rule": record.sampling_rule, "modified": record.modified_at, "reports": reports })
    };
    Ok(all_rules(storage).await?.into_iter().map(with_report).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_add_up_to_the_reservoir() {
        for (reservoir, clients) in [(5, 2), (1, 3), (0, 4), (100, 7)] {
            assert_eq!((0..clients).map(|place| share(reservoir, place, clients)).sum::<u32>(), reservoir);
        }
    }
}
