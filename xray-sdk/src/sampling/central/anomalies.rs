//! [`Anomalies`]: which requests went wrong, and which of them are worth a trace although they were not sampled.

use std::fmt;

use crate::sampling::decision::SegmentOutcome;
use crate::sampling::reservoir::Reservoir;

type Condition = dyn Fn(&SegmentOutcome<'_>) -> bool + Send + Sync;

/// The condition, and how many are captured.
pub(super) struct Anomalies {
    is_anomaly: Box<Condition>,
    per_second: u32,
    captured: Reservoir,
}

impl Default for Anomalies {
    fn default() -> Self {
        Self { is_anomaly: Box::new(|outcome| outcome.is_fault), per_second: 0, captured: Reservoir::default() }
    }
}

impl fmt::Debug for Anomalies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Anomalies").field("per_second", &self.per_second).finish_non_exhaustive()
    }
}

impl Anomalies {
    pub(super) fn when(&mut self, is_anomaly: impl Fn(&SegmentOutcome<'_>) -> bool + Send + Sync + 'static) {
        self.is_anomaly = Box::new(is_anomaly);
    }

    pub(super) const fn capture(&mut self, per_second: u32) {
        self.per_second = per_second;
    }

    pub(super) const fn are_captured(&self) -> bool {
        self.per_second > 0
    }

    pub(super) fn is_anomaly(&self, outcome: &SegmentOutcome<'_>) -> bool {
        (self.is_anomaly)(outcome)
    }

    pub(super) fn takes_another(&self, now: u64) -> bool {
        self.captured.take(self.per_second, now)
    }
}
