//! [`Boost`]: the rate of a rule that is raised while requests go wrong.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use telemetry_wire::sampling::{SamplingBoost, SamplingBoostStatisticsDocument};

/// What is counted of requests' ends, and the rate that the service gave for it.
#[derive(Debug, Default)]
pub(super) struct Boost {
    /// Bits of an `f64`.
    rate: AtomicU64,
    /// Second until which it counts.
    until: AtomicU64,
    total: AtomicU32,
    anomalies: AtomicU32,
    sampled_anomalies: AtomicU32,
}

impl Boost {
    /// The higher of the rates, while the boost lasts.
    #[inline]
    pub(super) fn raised(&self, rate: f64, now: u64) -> f64 {
        if now < self.until.load(Ordering::Relaxed) { rate.max(f64::from_bits(self.rate.load(Ordering::Relaxed))) } else { rate }
    }

    pub(super) fn count(&self, is_anomaly: bool, is_sampled: bool) {
        self.total.fetch_add(1, Ordering::Relaxed);
        self.anomalies.fetch_add(is_anomaly.into(), Ordering::Relaxed);
        self.sampled_anomalies.fetch_add((is_anomaly && is_sampled).into(), Ordering::Relaxed);
    }

    /// Nonsense is left out.
    pub(super) fn apply(&self, boost: &SamplingBoost) {
        if (0.0..=1.0).contains(&boost.boost_rate) && (0.0..u64::MAX as f64).contains(&boost.boost_rate_ttl) {
            self.rate.store(boost.boost_rate.to_bits(), Ordering::Relaxed);
            self.until.store(boost.boost_rate_ttl as u64, Ordering::Relaxed);
        }
    }

    /// What was counted since the last report, if anything. It is gone from here: [`Self::put_back`] if it did not arrive.
    pub(super) fn take(&self, rule: &str, service: &str, now: u64) -> Option<SamplingBoostStatisticsDocument> {
        let take = |counter: &AtomicU32| counter.swap(0, Ordering::Relaxed);
        let total_count = take(&self.total);
        (total_count > 0).then(|| SamplingBoostStatisticsDocument {
            rule_name: rule.to_owned(),
            service_name: service.to_owned(),
            timestamp: now as f64,
            anomaly_count: take(&self.anomalies),
            total_count,
            sampled_anomaly_count: take(&self.sampled_anomalies),
        })
    }

    /// Counts again what a failed report had taken.
    pub(super) fn put_back(&self, document: &SamplingBoostStatisticsDocument) {
        self.total.fetch_add(document.total_count, Ordering::Relaxed);
        self.anomalies.fetch_add(document.anomaly_count, Ordering::Relaxed);
        self.sampled_anomalies.fetch_add(document.sampled_anomaly_count, Ordering::Relaxed);
    }
}
