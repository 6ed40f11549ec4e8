//! Sampling rules and groups: kept, checked as X-Ray checks them.

use rusqlite::{OptionalExtension as _, params};
use serde_json::{Value, json};
use telemetry_wire::sampling::{SamplingRule, SamplingRuleRecord};

use crate::clock::now;
use crate::protocol::ApiError;
use crate::storage::Storage;

const DEFAULT: &str = "Default";
/// The rule that always exists has the last place.
const LAST: u32 = 10_000;
/// Rules per account and region.
const MOST: usize = 25;

/// The rule that is there from the start. Developers expect every request, so its rate is 1 where AWS has 5 %.
fn default_rule() -> SamplingRuleRecord {
    let any = || "*".to_owned();
    let sampling_rule = SamplingRule {
        rule_name: DEFAULT.into(),
        rule_arn: Some(arn(DEFAULT)),
        resource_arn: any(),
        priority: LAST,
        fixed_rate: 1.0,
        reservoir_size: 1,
        service_name: any(),
        service_type: any(),
        host: any(),
        http_method: any(),
        url_path: any(),
        version: 1,
        attributes: Default::default(),
        sampling_rate_boost: None,
    };
    SamplingRuleRecord { sampling_rule, created_at: 0.0, modified_at: 0.0 }
}

fn arn(name: &str) -> String {
    format!("arn:aws:xray:us-east-1:000000000000:sampling-rule/{name}")
}

/// All rules in the order in which clients ask them.
pub(crate) async fn all_rules(storage: &Storage) -> Result<Vec<SamplingRuleRecord>, ApiError> {
    let stored = storage.read(|connection| {
        let mut statement = connection.prepare_cached("SELECT record FROM sampling_rule")?;
        let records = statement.query_map([], |row| row.get::<_, String>(0))?;
        records.collect::<rusqlite::Result<Vec<String>>>()
    });
    let mut rules: Vec<SamplingRuleRecord> = stored.await?.iter().filter_map(|record| serde_json::from_str(record).ok()).collect();
    if !rules.iter().any(|record| record.sampling_rule.rule_name == DEFAULT) {
        rules.push(default_rule());
    }
    rules.sort_by(|a, b| {
        (a.sampling_rule.priority, &a.sampling_rule.rule_name).cmp(&(b.sampling_rule.priority, &b.sampling_rule.rule_name))
    });
    Ok(rules)
}

async fn save(storage: &Storage, record: SamplingRuleRecord) -> Result<Value, ApiError> {
    let text = json!(record).to_string();
    let name = record.sampling_rule.rule_name.clone();
    storage
        .write(move |transaction| transaction.execute("INSERT OR REPLACE INTO sampling_rule VALUES (?1, ?2)", params![name, text]))
        .await?;
    Ok(json!({ "SamplingRuleRecord": record }))
}

/// GetSamplingRules.
pub(crate) async fn get_sampling_rules(storage: &Storage) -> Result<Value, ApiError> {
    Ok(json!({ "SamplingRuleRecords": all_rules(storage).await? }))
}

/// CreateSamplingRule.
pub(crate) async fn create_sampling_rule(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let mut rule: SamplingRule = serde_json::from_value(with_defaults(&input["SamplingRule"]))
        .map_err(|error| ApiError::invalid_request(format!("SamplingRule: {error}")))?;
    check(&rule)?;
    let known = all_rules(storage).await?;
    if known.iter().any(|record| record.sampling_rule.rule_name == rule.rule_name) {
        return Err(ApiError::invalid_request(format!("a rule named {} exists already", rule.rule_name)));
    }
    if known.len() > MOST {
        return Err(ApiError::client("RuleLimitExceededException", format!("there are {MOST} rules already")));
    }
    rule.rule_arn = Some(arn(&rule.rule_name));
    let now = now();
    save(storage, SamplingRuleRecord { sampling_rule: rule, created_at: now, modified_at: now }).await
}

/// The fields that a rule may leave out.
fn with_defaults(rule: &Value) -> Value {
    let mut rule = rule.clone();
    if let Some(fields) = rule.as_object_mut() {
        fields.entry("Version").or_insert(json!(1));
    }
    rule
}

/// UpdateSamplingRule: what the update leaves out stays. Of `Default` only rate and reservoir can change.
pub(crate) async fn update_sampling_rule(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let update = input["SamplingRuleUpdate"].as_object().ok_or_else(|| ApiError::invalid_request("SamplingRuleUpdate is required"))?;
    let mut record = find(storage, &input["SamplingRuleUpdate"]).await?;
    let is_default = record.sampling_rule.rule_name == DEFAULT;
    let mut rule = json!(record.sampling_rule);
    for (key, value) in update.iter().filter(|(key, value)| !value.is_null() && *key != "RuleName" && *key != "RuleARN") {
        if is_default && !matches!(key.as_str(), "FixedRate" | "ReservoirSize" | "SamplingRateBoost") {
            return Err(ApiError::invalid_request(format!("{key} of the rule Default cannot be changed")));
        }
        rule[key] = value.clone();
    }
    record.sampling_rule =
        serde_json::from_value(rule).map_err(|error| ApiError::invalid_request(format!("SamplingRuleUpdate: {error}")))?;
    if !is_default {
        check(&record.sampling_rule)?;
    }
    record.modified_at = now();
    save(storage, record).await
}

/// DeleteSamplingRule.
pub(crate) async fn delete_sampling_rule(storage: &Storage, input: &Value) -> Result<Value, ApiError> {
    let record = find(storage, input).await?;
    let name = record.sampling_rule.rule_name.clone();
    if name == DEFAULT {
        return Err(ApiError::invalid_request("the rule Default cannot be deleted"));
    }
    let deleted = now();
    storage
        .write(move |transaction| {
            transaction.execute("DELETE FROM sampling_rule WHERE name = ?1", [name])?;
            transaction.execute("INSERT OR REPLACE INTO setting VALUES ('rule_deleted', ?1)", [deleted.to_string()])
        })
        .await?;
    Ok(json!({ "SamplingRuleRecord": record }))
}

/// When rules last changed; a deletion is a change too.
pub(crate) async fn last_modification(storage: &Storage, rules: &[SamplingRuleRecord]) -> Result<f64, ApiError> {
    let deleted = storage.read(|connection| {
        let value = connection.query_row("SELECT value FROM setting WHERE name = 'rule_deleted'", [], |row| row.get::<_, String>(0));
        value.optional()
    });
    let deleted = deleted.await?.and_then(|value| value.parse().ok()).unwrap_or(0.0);
    Ok(rules.iter().map(|record| record.modified_at).fold(deleted, f64::max))
}

/// The rule that a name or an ARN means.
async fn find(storage: &Storage, input: &Value) -> Result<SamplingRuleRecord, ApiError> {
    let text = |key: &str| input.get(key).and_then(Value::as_str);
    let name = text("RuleName").or_else(|| text("RuleARN").and_then(|arn| arn.rsplit('/').next()));
    let name = name.ok_or_else(|| ApiError::invalid_request("RuleName or RuleARN is required"))?;
    let found = all_rules(storage).await?.into_iter().find(|record| record.sampling_rule.rule_name == name);
    found.ok_or_else(|| ApiError::invalid_request(format!("there is no rule named {name}")))
}

/// The limits of X-Ray's API model.
fn check(rule: &SamplingRule) -> Result<(), ApiError> {
    let too_long =
        |field: &str, value: &str, most: usize| (value.chars().count() > most).then(|| format!("{field} has more than {most} characters"));
    let mistake = (rule.rule_name.is_empty() || rule.rule_name.chars().count() > 32)
        .then(|| "RuleName must have 1 to 32 characters".to_owned())
        .or_else(|| (!(1..LAST).contains(&rule.priority)).then(|| format!("Priority is {}, expected 1 to 9999", rule.priority)))
        .or_else(|| (!(0.0..=1.0).contains(&rule.fixed_rate)).then(|| format!("FixedRate is {}, expected 0 to 1", rule.fixed_rate)))
        .or_else(|| (rule.version != 1).then(|| format!("Version is {}, expected 1", rule.version)))
        .or_else(|| too_long("ServiceName", &rule.service_name, 64))
        .or_else(|| too_long("ServiceType", &rule.service_type, 64))
        .or_else(|| too_long("Host", &rule.host, 64))
        .or_else(|| too_long("HTTPMethod", &rule.http_method, 10))
        .or_else(|| too_long("URLPath", &rule.url_path, 128))
        .or_else(|| too_long("ResourceARN", &rule.resource_arn, 500))
        .or_else(|| {
            let boost = rule.sampling_rate_boost.filter(|boost| !(0.0..=1.0).contains(&boost.max_rate))?;
            Some(format!("SamplingRateBoost.MaxRate is {}, expected 0 to 1", boost.max_rate))
        })
        .or_else(|| (rule.attributes.len() > 5).then(|| "Attributes has more than 5 entries".to_owned()));
    mistake.map_or(Ok(()), |mistake| Err(ApiError::invalid_request(mistake)))
}
