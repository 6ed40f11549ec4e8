//! GetSamplingRules and GetSamplingTargets: the default rule, which samples everything. Developers expect every request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use telemetry_wire::sampling::{
    GetSamplingRulesResponse, GetSamplingTargetsRequest, GetSamplingTargetsResponse, SamplingRule, SamplingRuleRecord,
    SamplingTargetDocument, UnprocessedStatistics,
};

use crate::clock::now;
use crate::protocol::ApiError;

const DEFAULT: &str = "Default";
/// Requests per second that are sampled before the rate; of no weight while the rate is 1.
const RESERVOIR: u32 = 1;
const FIXED_RATE: f64 = 1.0;
/// Seconds until clients report again, the service's own figure.
const INTERVAL: u32 = 10;
/// Seconds for which a quota holds.
const QUOTA_SECONDS: f64 = 300.0;
/// Seconds after which a silent client loses its share of the reservoir.
const FORGET_AFTER: f64 = 30.0;
/// Statistics documents per call.
const DOCUMENTS: usize = 25;

/// Clients that have reported of late.
#[derive(Debug, Default)]
pub(crate) struct SamplingClients(Mutex<HashMap<String, f64>>);

impl SamplingClients {
    fn seen(&self, client: &str, now: f64) -> u32 {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clients.insert(client.to_owned(), now);
        clients.retain(|_, seen| now - *seen < FORGET_AFTER);
        u32::try_from(clients.len()).unwrap_or(u32::MAX)
    }
}

fn default_rule() -> SamplingRule {
    let any = || "*".to_owned();
    SamplingRule {
        rule_name: DEFAULT.into(),
        rule_arn: Some("arn:aws:xray:us-east-1:000000000000:sampling-rule/Default".into()),
        resource_arn: any(),
        priority: 10_000,
        fixed_rate: FIXED_RATE,
        reservoir_size: RESERVOIR,
        service_name: any(),
        service_type: any(),
        host: any(),
        http_method: any(),
        url_path: any(),
        version: 1,
        attributes: Default::default(),
        sampling_rate_boost: None,
    }
}

/// The operation.
pub(crate) fn get_sampling_rules() -> Value {
    let record = SamplingRuleRecord { sampling_rule: default_rule(), created_at: 0.0, modified_at: 0.0 };
    json!(GetSamplingRulesResponse { sampling_rule_records: vec![record], next_token: None })
}

/// The operation.
pub(crate) fn get_sampling_targets(clients: &SamplingClients, input: &Value) -> Result<Value, ApiError> {
    let request: GetSamplingTargetsRequest =
        serde_json::from_value(input.clone()).map_err(|error| ApiError::invalid_request(error.to_string()))?;
    if request.sampling_statistics_documents.len() > DOCUMENTS {
        return Err(ApiError::invalid_request(format!("more than {DOCUMENTS} SamplingStatisticsDocuments")));
    }
    let now = now();
    let mut response = GetSamplingTargetsResponse::default();
    for statistics in request.sampling_statistics_documents {
        if statistics.rule_name != DEFAULT {
            let message = "there is no rule of this name".to_owned();
            response.unprocessed_statistics.push(UnprocessedStatistics {
                rule_name: statistics.rule_name,
                error_code: "400".into(),
                message,
            });
            continue;
        }
        let share = RESERVOIR.div_ceil(clients.seen(&statistics.client_id, now).max(1));
        response.sampling_target_documents.push(SamplingTargetDocument {
            rule_name: statistics.rule_name,
            fixed_rate: FIXED_RATE,
            reservoir_quota: Some(share),
            reservoir_quota_ttl: Some(now + QUOTA_SECONDS),
            interval: Some(INTERVAL),
        });
    }
    Ok(json!(response))
}
