//! The StatsD port and the interval.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use telemetry_delivery::{DrainSignal, Queue};
use telemetry_wire::statsd::parse_datagram;

use super::aggregate::Aggregator;
use super::datum::Datum;
use crate::clock::now;
use crate::datagrams::receive_datagrams;

/// What arrived.
#[derive(Debug, Default)]
pub(crate) struct StatsdCounters {
    pub(crate) lines: AtomicU64,
    pub(crate) malformed: AtomicU64,
    pub(crate) refused: AtomicU64,
}

/// Receives until the task is dropped.
pub(crate) async fn receive_lines(socket: UdpSocket, aggregator: Arc<Mutex<Aggregator>>, counters: Arc<StatsdCounters>) {
    receive_datagrams(socket, "StatsD", |datagram| {
        take(datagram, &mut aggregator.lock().unwrap_or_else(PoisonError::into_inner), &counters);
    })
    .await;
}

fn take(datagram: &[u8], aggregator: &mut Aggregator, counters: &StatsdCounters) {
    for line in parse_datagram(datagram) {
        match line {
            Ok(line) => {
                counters.lines.fetch_add(1, Ordering::Relaxed);
                aggregator.add(&line);
            }
            Err(error) => {
                counters.malformed.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(%error, "a StatsD line is refused");
            }
        }
    }
}

/// Ends an interval each `seconds` at a phase of this agent's own: a fleet that flushes on the minute throttles itself. The
/// last, short interval ends with the drain.
pub(crate) async fn flush_each_interval(
    seconds: u64,
    aggregator: Arc<Mutex<Aggregator>>,
    queue: Arc<Queue<Datum>>,
    counters: Arc<StatsdCounters>,
    mut drain: DrainSignal,
) {
    let interval = Duration::from_secs(seconds);
    let mut began = now();
    let mut wait = interval.mul_f64(phase());
    loop {
        let is_over = tokio::select! {
            () = tokio::time::sleep(wait) => false,
            () = drain.ordered() => true,
        };
        let (data, refused) = {
            let mut aggregator = aggregator.lock().unwrap_or_else(PoisonError::into_inner);
            (aggregator.flush(began), aggregator.take_refused())
        };
        counters.refused.fetch_add(refused, Ordering::Relaxed);
        if refused > 0 {
            tracing::error!(refused, "lines of new metrics were dropped: metrics.max_series is reached");
        }
        data.into_iter().for_each(|datum| {
            queue.push(datum);
        });
        if is_over {
            return;
        }
        began = now();
        wait = interval;
    }
}

/// From above 0 to 1, by host and process.
fn phase() -> f64 {
    use std::hash::{BuildHasher as _, RandomState};
    (RandomState::new().hash_one(std::process::id()) as u32).saturating_add(1) as f64 / f64::from(u32::MAX)
}
