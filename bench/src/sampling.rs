//! Decisions of the centralized sampler, of one thread and of many at once.

use std::error::Error;
use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::Router;
use axum::routing::post;
use serde_json::{Value, json};
use stats_alloc::Region;
use xray_sdk::sampling::{CentralSampler, LocalSampler, Sampler, SamplingRequest};

use crate::ALLOCATOR;
use crate::measure::median;
use crate::server::serve;

const RULES: usize = 25;
const DECISIONS: usize = 200_000;
const ROUNDS: usize = 9;

/// Prints the rows.
pub(crate) fn rows() -> Result<(), Box<dyn Error>> {
    let agent = Router::new()
        .route("/GetSamplingRules", post(|| async { Json(rules()) }))
        .route("/SamplingTargets", post(|| async { Json(json!({"SamplingTargetDocuments": [], "UnprocessedStatistics": []})) }));
    let sampler = CentralSampler::new(serve(agent)?.to_string(), LocalSampler::default());
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    wait_for_rules(&sampler, now)?;
    for threads in [1, 8] {
        let (nanoseconds, allocations) = measure(&sampler, now, threads);
        let made = ROUNDS * threads * DECISIONS;
        println!(
            "| centralized decision, the last of {RULES} rules matches, threads at once: {threads}; CPU; {allocations} allocations in {made} | \
             {nanoseconds:.1} |"
        );
    }
    Ok(())
}

/// All but the last are for other paths. None has a reservoir, as a reservoir would end after so many a second.
fn rules() -> Value {
    let rule = |number: usize| {
        let path = if number < RULES { format!("/path{number}/*") } else { "*".to_owned() };
        json!({"SamplingRule": {
            "RuleName": format!("rule{number}"), "Priority": number, "FixedRate": 0.05, "ReservoirSize": 0, "Version": 1,
            "Host": "*.example.com", "HTTPMethod": "GET", "URLPath": path, "ServiceName": "*", "ServiceType": "*", "ResourceARN": "*",
        }})
    };
    json!({"SamplingRuleRecords": (1..=RULES).map(rule).collect::<Vec<_>>()})
}

const fn request() -> SamplingRequest<'static> {
    SamplingRequest {
        service: "bench",
        host: Some("api.example.com"),
        method: Some("GET"),
        path: Some("/orders/7"),
        service_type: None,
        resource_arn: None,
        attributes: &[],
    }
}

fn wait_for_rules(sampler: &CentralSampler, now: u64) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    while sampler.decide(&request(), now).rule_name.is_none_or(|rule| &*rule != "rule25") {
        if began.elapsed() > Duration::from_secs(10) {
            return Err("the sampler got no rules".into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// Processor time of a decision, as threads outnumber cores, and allocations of all.
fn measure(sampler: &CentralSampler, now: u64, threads: usize) -> (f64, usize) {
    let mut rounds = Vec::new();
    let mut allocations = 0;
    for _ in 0..ROUNDS {
        let ready = Barrier::new(threads + 1);
        let start = Barrier::new(threads + 1);
        let end = Barrier::new(threads + 1);
        let spent: f64 = std::thread::scope(|scope| {
            let work = || {
                black_box(sampler.decide(&request(), now));
                ready.wait();
                start.wait();
                let began = cpu_time::ThreadTime::now();
                for _ in 0..DECISIONS {
                    black_box(sampler.decide(black_box(&request()), now).is_sampled);
                }
                let spent = began.elapsed();
                end.wait();
                spent.as_nanos() as f64
            };
            let all: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            // What a thread allocates when it begins is not the sampler's.
            ready.wait();
            let region = Region::new(ALLOCATOR);
            start.wait();
            end.wait();
            allocations += region.change().allocations;
            all.into_iter().filter_map(|thread| thread.join().ok()).sum()
        });
        rounds.push(spent / (threads * DECISIONS) as f64);
    }
    (median(&mut rounds), allocations)
}
