//! PutTelemetryRecords: once a minute, how the agent is doing.
//!
//! As the X-Ray daemon: nothing before the first segment, at most 30 records wait, 10 go in a call. Not as the daemon: what is counted while a
//! record is made is in the next one.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Serialize;
use telemetry_delivery::Ledger;
use telemetry_platform::World;

use super::failures::{FailureCounts, Failures};
use super::rejection::is_rejection;
use crate::clock;
use crate::intake::IntakeCounters;
use telemetry_aws::{JSON, Service, chain_of};

const EVERY: Duration = Duration::from_secs(60);
const KEPT: usize = 30;
const PER_CALL: usize = 10;
const PATH: &str = "/TelemetryRecords";

/// Where the counts are.
pub(crate) struct TelemetrySources {
    pub(crate) xray: Arc<Service>,
    pub(crate) intake: Arc<IntakeCounters>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) failures: Arc<Failures>,
    pub(crate) resource_arn: Option<String>,
    /// Whether EC2's metadata service is not to be asked.
    pub(crate) is_local: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Totals {
    received: u64,
    sent: u64,
    lost: u64,
    rejected: u64,
    failures: FailureCounts,
}

/// The operation's input.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PutTelemetryRecords<'a> {
    telemetry_records: Vec<&'a TelemetryRecord>,
    #[serde(rename = "EC2InstanceId", skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<&'a str>,
    #[serde(rename = "ResourceARN", skip_serializing_if = "Option::is_none")]
    resource_arn: Option<&'a str>,
}

/// What came, and what became of it, since the record before. The API counts with 32 bits.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TelemetryRecord {
    timestamp: f64,
    segments_received_count: i32,
    segments_sent_count: i32,
    segments_spillover_count: i32,
    segments_rejected_count: i32,
    backend_connection_errors: BackendConnectionErrors,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct BackendConnectionErrors {
    timeout_count: i32,
    connection_refused_count: i32,
    #[serde(rename = "HTTPCode4XXCount")]
    of_4xx: i32,
    #[serde(rename = "HTTPCode5XXCount")]
    of_5xx: i32,
    unknown_host_count: i32,
    other_count: i32,
}

impl BackendConnectionErrors {
    fn new(counts: [u64; 6]) -> Self {
        let [timeout_count, connection_refused_count, of_4xx, of_5xx, unknown_host_count, other_count] = counts.map(whole);
        Self { timeout_count, connection_refused_count, of_4xx, of_5xx, unknown_host_count, other_count }
    }
}

/// As the API counts.
fn whole(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Who reports.
#[derive(Debug, Default)]
struct Identity {
    instance: Option<String>,
    host: Option<String>,
}

/// Sends until the task is dropped.
pub(crate) async fn send_telemetry(sources: TelemetrySources) {
    let is_local = sources.is_local;
    let identity = tokio::task::spawn_blocking(move || identity(is_local)).await.unwrap_or_default();
    let mut records = Records::default();
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + EVERY, EVERY);
    loop {
        ticks.tick().await;
        records.add(sources.totals(), clock::now());
        if let Err(error) = sources.put(&identity, &mut records.waiting).await {
            tracing::debug!(%error, "telemetry could not be sent; it waits");
        }
    }
}

impl TelemetrySources {
    fn totals(&self) -> Totals {
        let counts = self.ledger.snapshot();
        let of = |cell: &std::sync::atomic::AtomicU64| cell.load(Ordering::Relaxed);
        let malformed = of(&self.intake.malformed) + of(&self.intake.truncated);
        let refused = counts.lost.iter().filter(|(reason, _)| is_rejection(**reason)).map(|(_, count)| count).sum::<u64>();
        Totals {
            received: of(&self.intake.received),
            sent: counts.accepted,
            lost: counts.lost_in_all() - refused,
            rejected: malformed + refused,
            failures: self.failures.counts(),
        }
    }

    async fn put(&self, identity: &Identity, waiting: &mut VecDeque<TelemetryRecord>) -> Result<(), String> {
        while !waiting.is_empty() {
            let count = waiting.len().min(PER_CALL);
            let input = PutTelemetryRecords {
                telemetry_records: waiting.range(..count).collect(),
                instance: identity.instance.as_deref(),
                hostname: identity.host.as_deref(),
                resource_arn: self.resource_arn.as_deref(),
            };
            let body = serde_json::to_vec(&input).map_err(|error| error.to_string())?;
            let answer = self.xray.post(PATH, JSON, body.into()).await.map_err(|error| chain_of(&error))?;
            if let Some(refusal) = answer.refusal() {
                return Err(refusal.to_string());
            }
            waiting.drain(..count);
        }
        Ok(())
    }
}

/// Minutes that have not been sent.
#[derive(Debug, Default)]
struct Records {
    before: Totals,
    waiting: VecDeque<TelemetryRecord>,
}

impl Records {
    fn add(&mut self, now: Totals, at: f64) {
        if now.received == 0 {
            return;
        }
        let before = std::mem::replace(&mut self.before, now);
        let since = |count: fn(&Totals) -> u64| whole(count(&now).saturating_sub(count(&before)));
        self.waiting.push_back(TelemetryRecord {
            timestamp: at,
            segments_received_count: since(|totals| totals.received),
            segments_sent_count: since(|totals| totals.sent),
            segments_spillover_count: since(|totals| totals.lost),
            segments_rejected_count: since(|totals| totals.rejected),
            backend_connection_errors: BackendConnectionErrors::new(now.failures.since(before.failures)),
        });
        while self.waiting.len() > KEPT {
            self.waiting.pop_front();
        }
    }
}

/// Variables beat the machine, for where its metadata cannot be asked; cut to what the API takes.
fn identity(is_local: bool) -> Identity {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let instance = || {
        let world = World::here();
        let guess = world.guess();
        (!is_local && guess.is_on_ec2()).then(|| world.resolve(guess).ec2?.instance_id).flatten()
    };
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned());
    let cut = |text: String, most: usize| text.chars().take(most).collect();
    Identity {
        instance: variable("AWS_INSTANCE_ID").or_else(instance).map(|text| cut(text, 20)),
        host: variable("AWS_HOSTNAME").or_else(host).map(|text| cut(text, 255)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_what_came_since_the_last() {
        let mut records = Records::default();
        records.add(Totals::default(), 60.0);
        assert!(records.waiting.is_empty(), "nothing before the first segment");
        let first = Totals { received: 10, sent: 8, lost: 1, rejected: 1, ..Totals::default() };
        records.add(first, 120.0);
        records.add(Totals { received: 15, sent: 14, ..first }, 180.0);
        let counts = |at: usize| {
            let record = &records.waiting[at];
            (record.segments_received_count, record.segments_sent_count, record.segments_spillover_count, record.timestamp)
        };
        assert_eq!(counts(0), (10, 8, 1, 120.0));
        assert_eq!(counts(1), (5, 6, 0, 180.0));
    }

    #[test]
    fn the_last_thirty_wait() {
        let mut records = Records::default();
        for minute in 1..=40 {
            records.add(Totals { received: minute, ..Totals::default() }, minute as f64);
        }
        assert_eq!(records.waiting.len(), 30);
        assert_eq!(records.waiting[0].timestamp, 11.0);
    }
}
