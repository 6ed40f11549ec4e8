//! The whole of it, driven by hand: a clock, and an agent that says what the test wants.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use serde_json::{Value, json};

use super::exchange::{Ask, Exchange};
use super::manifest::Manifest;
use crate::sampling::decision::{SamplingDecision, SamplingRequest};

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
        let mut world = Self { agent: Agent::default(), exchange: Exchange::new(Arc::clone(&manifest)), manifest };
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
    let mut exchange = Exchange::new(Arc::clone(&manifest));
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
