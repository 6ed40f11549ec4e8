//! The whole of it, driven by hand: a clock, and an agent that says what the test wants.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use serde_json::{Value, json};

use super::exchange::{Ask, Exchange};
use super::manifest::Manifest;
use super::sampler::CentralSampler;
use crate::sampling::decision::{Sampler as _, SamplingDecision, SamplingRequest, SegmentOutcome, Watch};
use crate::sampling::local::LocalSampler;

/// Answers from a list; keeps what it was asked.
#[derive(Default)]
struct Agent {
    rules: VecDeque<io::Result<Vec<u8>>>,
    targets: VecDeque<io::Result<Vec<u8>>>,
    asked: Vec<(String, Value)>,
}

impl Ask for Agent {
    fn ask(&mut self, path: &str, body: &[u8]) -> io::Result<Vec<u8>> {
        self.asked.push((path.to_owned(), serde_json::from_slice(body).unwrap()));
        let answers = if path == "/GetSamplingRules" { &mut self.rules } else { &mut self.targets };
        answers.pop_front().unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Agent {
    fn says_rules(&mut self, rules: &[Value]) {
        let records: Vec<Value> = rules.iter().map(|rule| json!({ "SamplingRule": rule, "CreatedAt": 0.0, "ModifiedAt": 0.0 })).collect();
        self.rules.push_back(Ok(json!({ "SamplingRuleRecords": records }).to_string().into_bytes()));
    }

    fn says_targets(&mut self, targets: &Value) {
        self.targets.push_back(Ok(targets.to_string().into_bytes()));
    }

    fn reports(&mut self) -> Vec<Value> {
        let asked = std::mem::take(&mut self.asked);
        asked
            .into_iter()
            .filter(|(path, _)| path == "/SamplingTargets")
            .flat_map(|(_, body)| body["SamplingStatisticsDocuments"].as_array().unwrap().clone())
            .collect()
    }
}

fn rule(name: &str, priority: u32, path: &str, reservoir: u32, rate: f64) -> Value {
    json!({ "RuleName": name, "ResourceARN": "*", "Priority": priority, "FixedRate": rate, "ReservoirSize": reservoir, "ServiceName": "*",
        "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": path, "Version": 1, "Attributes": {} })
}

struct World {
    agent: Agent,
    exchange: Exchange,
    manifest: Arc<ArcSwapOption<Manifest>>,
}

impl World {
    fn new(rules: &[Value]) -> Self {
        let manifest: Arc<ArcSwapOption<Manifest>> = Arc::default();
        let mut world = Self { agent: Agent::default(), exchange: Exchange::new(Arc::clone(&manifest), "shop".into()), manifest };
        world.agent.says_rules(rules);
        world.tick(NOW);
        world
    }

    fn tick(&mut self, now: u64) {
        self.exchange.tick(&mut self.agent, now);
    }

    fn decide(&self, request: &SamplingRequest<'_>, now: u64) -> Option<SamplingDecision> {
        self.manifest.load().as_ref().and_then(|manifest| manifest.decide(request, now))
    }

    fn name_for(&self, request: &SamplingRequest<'_>) -> String {
        self.decide(request, NOW).and_then(|decision| decision.rule_name).unwrap_or_else(|| "local".into()).to_string()
    }

    fn sampled(&self, path: &str, times: u32, now: u64) -> usize {
        (0..times)
            .filter(|_| self.decide(&SamplingRequest { path: Some(path), ..SamplingRequest::default() }, now).unwrap().is_sampled)
            .count()
    }
}

/// Epoch seconds; a client that took them for milliseconds would find every quota expired.
const NOW: u64 = 1_790_000_000;

#[test]
fn rules_are_asked_by_priority_then_name_and_default_last() {
    let mut named = rule("attributes", 1, "*", 0, 1.0);
    named["Attributes"] = json!({ "tenant": "gold*" });
    let mut elsewhere = rule("resource", 1, "*", 0, 1.0);
    elsewhere["ResourceARN"] = json!("arn:aws:ecs:*:cluster/a");
    let mut typed = rule("typed", 2, "*", 0, 1.0);
    typed["ServiceType"] = json!("AWS::EC2::*");
    let world = World::new(&[
        rule("Default", 10_000, "*", 0, 1.0),
        rule("b", 10, "/pay/*", 0, 1.0),
        rule("a", 10, "/pay/*", 0, 1.0),
        named,
        elsewhere,
        typed,
    ]);
    let path = |path| SamplingRequest { path: Some(path), service_type: Some("AWS::ECS::Container"), ..SamplingRequest::default() };
    assert_eq!(world.name_for(&path("/pay/card")), "a");
    assert_eq!(world.name_for(&path("/cart")), "Default");
    assert_eq!(world.name_for(&SamplingRequest { attributes: &[("tenant", "gold-1")], ..path("/cart") }), "attributes");
    assert_eq!(world.name_for(&SamplingRequest { resource_arn: Some("arn:aws:ecs:eu:cluster/a"), ..path("/cart") }), "resource");
    assert_eq!(world.name_for(&SamplingRequest { service_type: Some("AWS::EC2::Instance"), ..path("/cart") }), "typed");
}

#[test]
fn a_quota_is_used_while_it_holds_and_one_is_borrowed_without() {
    let mut world = World::new(&[rule("Default", 10_000, "*", 5, 0.0)]);
    assert_eq!(world.sampled("/", 10, NOW), 1, "borrowed");
    assert_eq!(world.sampled("/", 10, NOW + 1), 1, "another second, another one");
    world.agent.says_targets(&json!({ "SamplingTargetDocuments": [{ "RuleName": "Default", "FixedRate": 0.0, "ReservoirQuota": 3,
        "ReservoirQuotaTTL": NOW + 60, "Interval": 20 }], "LastRuleModification": NOW - 100, "UnprocessedStatistics": [] }));
    world.tick(NOW + 10);
    let report = world.agent.reports().remove(0);
    assert_eq!((&report["RequestCount"], &report["SampledCount"], &report["BorrowCount"]), (&20.into(), &2.into(), &2.into()));
    assert_eq!((report["Timestamp"].as_f64(), report["ClientID"].as_str().unwrap().len()), (Some((NOW + 10) as f64), 24));
    assert_eq!(world.sampled("/", 10, NOW + 11), 3, "the quota");
    assert_eq!(world.sampled("/", 10, NOW + 60), 3);
    assert_eq!(world.sampled("/", 10, NOW + 61), 1, "expired: borrowed");
    world.tick(NOW + 20);
    assert!(world.agent.reports().is_empty(), "the next report is after 20 seconds");
}

#[test]
fn all_pages_are_read_and_bad_rules_left_out() {
    let manifest: Arc<ArcSwapOption<Manifest>> = Arc::default();
    let mut exchange = Exchange::new(Arc::clone(&manifest), "shop".into());
    let mut agent = Agent::default();
    let mut future = rule("future", 1, "*", 0, 1.0);
    future["Version"] = json!(2);
    let page = |rule: &Value, token: Option<&str>| json!({ "SamplingRuleRecords": [{ "SamplingRule": rule, "CreatedAt": 0, "ModifiedAt": 0 }, { "SamplingRule": {} }], "NextToken": token });
    agent.rules.push_back(Ok(page(&future, Some("two")).to_string().into_bytes()));
    agent.rules.push_back(Ok(page(&rule("Default", 10_000, "*", 0, 1.0), None).to_string().into_bytes()));
    exchange.tick(&mut agent, NOW);
    let names: Vec<String> = manifest.load().as_ref().unwrap().rules.iter().map(|rule| rule.name.to_string()).collect();
    assert_eq!(names, ["Default"]);
    assert_eq!(agent.asked[1].1, json!({ "NextToken": "two" }));
}

#[test]
fn without_the_agent_rules_hold_for_an_hour_and_counts_are_kept() {
    let mut world = World::new(&[rule("Default", 10_000, "*", 0, 0.0)]);
    assert_eq!(world.sampled("/", 4, NOW), 0);
    world.tick(NOW + 400);
    assert_eq!(world.agent.reports()[0]["RequestCount"], 4);
    world.agent.says_targets(&json!({ "SamplingTargetDocuments": [] }));
    world.tick(NOW + 3_600);
    assert_eq!(world.agent.reports()[0]["RequestCount"], 4, "what did not arrive is counted again");
    assert_eq!(world.name_for(&SamplingRequest::default()), "Default");
    world.tick(NOW + 3_601);
    assert_eq!(world.name_for(&SamplingRequest::default()), "local");
    world.agent.says_rules(&[rule("Default", 10_000, "*", 0, 0.0)]);
    world.tick(NOW + 3_610);
    assert_eq!(world.name_for(&SamplingRequest::default()), "Default");
}

#[test]
fn rules_changed_since_and_statistics_that_are_refused_ask_for_a_refresh() {
    for answer in [
        json!({ "LastRuleModification": NOW + 5, "SamplingTargetDocuments": [] }),
        json!({ "UnprocessedStatistics": [{ "RuleName": "Default", "ErrorCode": "400", "Message": "unknown" }] }),
    ] {
        let mut world = World::new(&[rule("Default", 10_000, "*", 0, 0.0)]);
        world.sampled("/", 1, NOW);
        world.agent.says_targets(&answer);
        world.tick(NOW + 10);
        world.agent.says_rules(&[rule("Default", 10_000, "*", 0, 1.0)]);
        world.tick(NOW + 20);
        assert_eq!(world.sampled("/", 5, NOW + 20), 5, "the changed rate");
    }
}

#[test]
fn a_refresh_keeps_counts_and_quotas_of_rules_that_stay() {
    let mut world = World::new(&[rule("Default", 10_000, "*", 5, 0.0), rule("old", 1, "/old", 0, 0.0)]);
    world.sampled("/", 7, NOW);
    world.agent.says_targets(&json!({ "SamplingTargetDocuments": [{ "RuleName": "Default", "FixedRate": 0.0, "ReservoirQuota": 2, "ReservoirQuotaTTL": NOW + 10_000 }] }));
    world.tick(NOW + 10);
    world.sampled("/", 7, NOW + 11);
    world.agent.says_rules(&[rule("Default", 10_000, "*", 5, 0.0)]);
    world.tick(NOW + 310);
    assert_eq!(world.manifest.load().as_ref().unwrap().rules.len(), 1);
    assert_eq!(world.sampled("/", 7, NOW + 311), 2);
    world.agent.asked.clear();
    world.tick(NOW + 330);
    assert_eq!(world.agent.reports()[0]["RequestCount"], 14);
}

#[test]
fn nonsense_changes_nothing() {
    let mut world = World::new(&[rule("Default", 10_000, "*", 1, 0.0)]);
    for answer in [
        "",
        "[]",
        "{\"SamplingTargetDocuments\":[{}]}",
        "\u{0}",
        "{\"SamplingTargetDocuments\":[{\"RuleName\":\"Default\",\"FixedRate\":7,\"ReservoirQuota\":9,\"ReservoirQuotaTTL\":-1,\"Interval\":0}]}",
    ] {
        world.sampled("/", 2, NOW);
        world.agent.targets.push_back(Ok(answer.as_bytes().to_vec()));
        world.tick(NOW + 10);
        world.exchange.tick(&mut world.agent, NOW);
    }
    assert_eq!(world.sampled("/", 10, NOW + 100), 1, "still the reservoir of the rule");
    world.agent.rules.push_back(Ok(b"not JSON".to_vec()));
    world.tick(NOW + 400);
    assert_eq!(world.name_for(&SamplingRequest::default()), "Default");
}

#[test]
fn a_clock_that_jumps_back_does_not_stop_anything() {
    let mut world = World::new(&[rule("Default", 10_000, "*", 0, 1.0)]);
    world.sampled("/", 3, NOW);
    world.agent.says_rules(&[rule("Default", 10_000, "*", 0, 1.0)]);
    world.agent.says_targets(&json!({ "SamplingTargetDocuments": [] }));
    world.tick(NOW - 86_400);
    assert_eq!(world.agent.reports()[0]["RequestCount"], 3);
}

#[test]
fn eight_threads_take_exactly_the_quota() {
    let mut world = World::new(&[rule("Default", 10_000, "*", 100, 0.0)]);
    world.sampled("/", 1, NOW);
    world.agent.says_targets(&json!({ "SamplingTargetDocuments": [{ "RuleName": "Default", "FixedRate": 0.0, "ReservoirQuota": 50, "ReservoirQuotaTTL": NOW + 60 }] }));
    world.tick(NOW + 10);
    let taken: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| world.sampled("/", 1_000, NOW + 11))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(taken, 50);
}

fn outcome(is_fault: bool, is_sampled: bool, now: u64) -> SegmentOutcome<'static> {
    SegmentOutcome {
        rule_name: Some("Default"),
        is_sampled,
        service: "shop",
        operation: Some("GET /"),
        status: Some(if is_fault { 503 } else { 200 }),
        is_error: false,
        is_fault,
        is_throttled: false,
        duration: std::time::Duration::from_millis(3),
        now,
    }
}

#[test]
fn a_boost_raises_the_rate_while_it_lasts_and_asks_how_requests_end() {
    let mut boosted = rule("Default", 10_000, "*", 0, 0.0);
    boosted["SamplingRateBoost"] = json!({ "MaxRate": 1.0, "CooldownWindowMinutes": 5 });
    let mut world = World::new(&[boosted, rule("plain", 1, "/plain", 0, 0.0)]);
    let watch = |path| world.decide(&SamplingRequest { path: Some(path), ..SamplingRequest::default() }, NOW).unwrap().watch;
    assert_eq!((watch("/"), watch("/plain")), (Watch::Outcome, Watch::Nothing));
    for (is_fault, is_sampled) in [(true, false), (true, true), (false, false), (false, true), (true, false)] {
        world.manifest.load().as_ref().unwrap().ended(&outcome(is_fault, is_sampled, NOW), is_fault);
    }
    world.agent.targets.push_back(Err(io::ErrorKind::TimedOut.into()));
    world.tick(NOW + 10);
    world.agent.asked.clear();
    world.agent.says_targets(&json!({ "SamplingTargetDocuments": [{ "RuleName": "Default", "FixedRate": 0.0,
        "SamplingBoost": { "BoostRate": 1.0, "BoostRateTTL": NOW + 80 } }] }));
    world.tick(NOW + 20);
    let report = &world.agent.asked[0].1["SamplingBoostStatisticsDocuments"][0];
    let expected = json!({ "RuleName": "Default", "ServiceName": "shop", "Timestamp": (NOW + 20) as f64, "AnomalyCount": 3, "TotalCount": 5,
        "SampledAnomalyCount": 1 });
    assert_eq!(report, &expected, "what did not arrive the first time too");
    assert_eq!((world.sampled("/", 10, NOW + 79), world.sampled("/", 10, NOW + 80)), (10, 0));
}

#[test]
fn a_lower_or_senseless_boost_changes_nothing() {
    let mut boosted = rule("Default", 10_000, "*", 0, 1.0);
    boosted["SamplingRateBoost"] = json!({ "MaxRate": 1.0, "CooldownWindowMinutes": 5 });
    let mut world = World::new(&[boosted]);
    for boost in [json!({ "BoostRate": 0.0, "BoostRateTTL": NOW + 80 }), json!({ "BoostRate": -3.0, "BoostRateTTL": 1e300 })] {
        world.sampled("/", 1, NOW);
        world.agent.says_targets(
            &json!({ "SamplingTargetDocuments": [{ "RuleName": "Default", "FixedRate": 1.0, "Interval": 1, "SamplingBoost": boost }] }),
        );
        world.tick(NOW + 20);
        assert_eq!(world.sampled("/", 10, NOW + 30), 10);
    }
}

#[test]
fn so_many_anomalies_are_captured_in_a_second() {
    let sampler = CentralSampler::new("127.0.0.1:1", LocalSampler::parse(NONE).unwrap()).capture_anomalies(2);
    let decision = sampler.decide(&SamplingRequest::default(), NOW);
    assert_eq!((decision.is_sampled, decision.watch), (false, Watch::Everything));
    let captured = |is_fault, is_sampled, now| (0..5).filter(|_| sampler.ended(&outcome(is_fault, is_sampled, now))).count();
    assert_eq!((captured(false, false, NOW), captured(true, true, NOW)), (0, 0));
    assert_eq!((captured(true, false, NOW), captured(true, false, NOW + 1)), (2, 2));
    let slow = CentralSampler::new("127.0.0.1:1", LocalSampler::parse(NONE).unwrap()).anomaly(|outcome| outcome.status == Some(200));
    assert!(!slow.ended(&outcome(false, false, NOW)), "nothing is captured unless asked for");
}

const NONE: &str = r#"{"version":2,"default":{"fixed_target":0,"rate":0}}"#;
