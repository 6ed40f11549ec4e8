//! The StatsD port and the interval.

use std::collections::HashSet;
use std::net::UdpSocket;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use telemetry_delivery::{DrainSignal, Ledger, LossReason, Queue};
use telemetry_wire::statsd::parse_datagram;

use super::aggregate::{Aggregator, reasons};
use super::datum::Datum;
use crate::clock::now;
use crate::datagrams::receive_datagrams;

/// Counts of the lines that arrived.
#[derive(Debug, Default)]
pub(crate) struct StatsdCounters {
    pub(crate) lines: AtomicU64,
    pub(crate) malformed: AtomicU64,
    pub(crate) refused: AtomicU64,
}

/// The port, and where its lines go.
#[derive(Debug)]
pub(crate) struct StatsdIntake {
    pub(crate) aggregator: Arc<Mutex<Aggregator>>,
    pub(crate) counters: Arc<StatsdCounters>,
    pub(crate) ledger: Arc<Ledger>,
    told: Mutex<HashSet<LossReason>>,
}

impl StatsdIntake {
    pub(crate) fn new(aggregator: Arc<Mutex<Aggregator>>, counters: Arc<StatsdCounters>, ledger: Arc<Ledger>) -> Self {
        Self { aggregator, counters, ledger, told: Mutex::default() }
    }

    /// Receives until the task is dropped.
    pub(crate) async fn receive(self, socket: UdpSocket) {
        receive_datagrams(socket, "StatsD", |datagram| self.take(datagram)).await;
    }

    fn take(&self, datagram: &[u8]) {
        let mut aggregator = self.aggregator.lock().unwrap_or_else(PoisonError::into_inner);
        for line in parse_datagram(datagram) {
            match line {
                Ok(line) => {
                    self.counters.lines.fetch_add(1, Ordering::Relaxed);
                    if let Err(reason) = aggregator.add(&line) {
                        self.counters.refused.fetch_add(1, Ordering::Relaxed);
                        self.refuse(reason, &line.name);
                    }
                }
                Err(error) => {
                    self.counters.malformed.fetch_add(1, Ordering::Relaxed);
                    self.refuse(reasons::MALFORMED, &error);
                }
            }
        }
    }

    /// Counts a line that is not counted in, and tells the first of each reason.
    fn refuse(&self, reason: LossReason, what: &dyn std::fmt::Display) {
        self.ledger.refuse(1, reason);
        if self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(reason) {
            let remedy = remedy_of(reason);
            tracing::warn!(%reason, %what, "a StatsD line is refused: {remedy}; further ones are counted in `status`");
        }
    }
}

fn remedy_of(reason: LossReason) -> &'static str {
    match reason {
        reasons::MAX_SERIES => "metrics.max_series is reached; each distinct set of tags is a metric that costs money",
        reasons::MEMORY => "the interval's values take too much memory; send fewer distinct members or metrics",
        reasons::NAME => "names of metrics are 1 to 255 ASCII characters, tags at most 255 and 1,024, without a colon at the beginning",
        reasons::DIMENSIONS => "CloudWatch takes 30 dimensions, the configured ones among them",
        reasons::TIMESTAMP => "CloudWatch takes data of 14 days, and of 2 hours ahead",
        _ => "it is no StatsD",
    }
}

/// Ends an interval each `seconds` at a phase of this agent's own: a fleet that flushes on the minute throttles itself. The last, short
/// interval ends with the drain. What follows another configuration goes on with the interval that is under way.
pub(crate) async fn flush_each_interval(seconds: u64, intake: Arc<StatsdFlush>, mut drain: DrainSignal) {
    let interval = Duration::from_secs(seconds);
    let age = now() - intake.lock().began();
    let first = if intake.is_first() { interval.mul_f64(phase()) } else { interval.saturating_sub(Duration::from_secs_f64(age.max(0.0))) };
    // Ends are counted from the first: what a flush takes does not move them.
    let mut ends = tokio::time::interval_at(tokio::time::Instant::now() + first, interval);
    loop {
        let is_over = tokio::select! {
            _ = ends.tick() => false,
            () = drain.ordered() => true,
        };
        if is_over && drain.is_hand_over() {
            return;
        }
        intake.flush(interval.as_secs_f64());
        if is_over {
            return;
        }
    }
}

/// The end of an interval.
#[derive(Debug)]
pub(crate) struct StatsdFlush {
    pub(crate) aggregator: Arc<Mutex<Aggregator>>,
    pub(crate) queue: Arc<Queue<Datum>>,
    pub(crate) ledger: Arc<Ledger>,
    flushed: AtomicU64,
}

impl StatsdFlush {
    pub(crate) fn new(aggregator: Arc<Mutex<Aggregator>>, queue: Arc<Queue<Datum>>, ledger: Arc<Ledger>) -> Self {
        Self { aggregator, queue, ledger, flushed: AtomicU64::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, Aggregator> {
        self.aggregator.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_first(&self) -> bool {
        self.flushed.load(Ordering::Relaxed) == 0
    }

    /// The next interval begins where this one ended, a whole interval after it began, unless the clock on the wall has jumped.
    fn flush(&self, seconds: f64) {
        const JUMP: f64 = 1.0;
        let mut aggregator = self.lock();
        let (end, wall) = (aggregator.began() + seconds, now());
        let (data, refused) = aggregator.flush(if (end - wall).abs() > JUMP { wall } else { end });
        drop(aggregator);
        self.flushed.fetch_add(1, Ordering::Relaxed);
        for name in &refused {
            self.ledger.refuse(1, reasons::VALUE);
            tracing::error!(metric = name, "a value is no number or larger than 2^360, which CloudWatch refuses; it is lost");
        }
        data.into_iter().for_each(|datum| {
            self.queue.push(datum);
        });
    }
}

/// From above 0 to 1, by host and process.
fn phase() -> f64 {
    use std::hash::{BuildHasher as _, RandomState};
    (RandomState::new().hash_one(std::process::id()) as u32).saturating_add(1) as f64 / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use telemetry_delivery::Drain;

    use super::*;
    use crate::metrics::aggregate::AggregatorSettings;

    fn flush() -> Arc<StatsdFlush> {
        let settings = AggregatorSettings { namespace: "Shop".into(), dimensions: BTreeMap::new(), max_series: 10, resolution: 60 };
        let (aggregator, ledger) = (Arc::new(Mutex::new(Aggregator::new(settings, now()))), Arc::<Ledger>::default());
        Arc::new(StatsdFlush::new(aggregator, Queue::new(1 << 20, Arc::clone(&ledger)), ledger))
    }

    #[test]
    fn lines_that_are_refused_are_lost_in_the_ledger_by_reason() {
        let flush = flush();
        let intake = StatsdIntake::new(Arc::clone(&flush.aggregator), Arc::default(), Arc::clone(&flush.ledger));
        let lines: Vec<String> = (0..15).map(|n| format!("c{n}:1|c")).collect();
        intake.take(lines.join("\n").as_bytes());
        intake.take(b"garbage\na:1|c|#:x");
        flush.flush(60.0);
        let ledger = flush.ledger.snapshot();
        assert_eq!((ledger.entered, ledger.held()), (17, 10));
        assert_eq!(ledger.lost, [(reasons::MAX_SERIES, 5), (reasons::MALFORMED, 1), (reasons::NAME, 1)].into());
    }

    #[test]
    fn intervals_follow_one_another_without_a_gap_and_a_clock_that_jumps_is_followed() {
        let flush = flush();
        let began = flush.lock().began();
        (1..=3).for_each(|_| flush.flush(0.25));
        assert!((flush.lock().began() - began - 0.75).abs() < 1e-6, "ends are a whole interval apart whatever a flush takes");
        flush.flush(3_600.0);
        assert!((flush.lock().began() - began).abs() < 60.0, "an hour that did not pass is not believed");
    }

    #[tokio::test(start_paused = true)]
    async fn another_configuration_goes_on_with_the_interval_that_is_under_way() {
        let flush = flush();
        let (drain, signal) = Drain::new();
        let first = tokio::spawn(flush_each_interval(3_600, Arc::clone(&flush), signal));
        let line = telemetry_wire::statsd::Line::parse("c:1|c").unwrap();
        flush.lock().add(&line).unwrap();
        drain.hand_over();
        first.await.unwrap();
        assert_eq!(flush.ledger.snapshot().entered, 0, "nothing was cut short");
        let (drain, signal) = Drain::new();
        let second = tokio::spawn(flush_each_interval(3_600, Arc::clone(&flush), signal));
        drain.begin(tokio::time::Instant::now());
        second.await.unwrap();
        assert_eq!(flush.ledger.snapshot().entered, 1);
    }
}
