//! [`Conduct`]: how the service behaves.

use std::time::Duration;

/// How the service behaves until it is told otherwise.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conduct {
    pub(crate) door: Door,
    pub(crate) latency: Latency,
    /// What happens to calls, and to which share of them, from 0 to 1.
    pub(crate) fault: Option<(f64, Fault)>,
    /// The only access key that is not refused as expired.
    pub(crate) key: Option<&'static str>,
}

/// The port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Door {
    #[default]
    Open,
    /// Closed: connections are reset, new ones refused.
    Shut,
    /// Connections are accepted, and nothing is ever answered.
    Hanging,
    /// As open, but with a certificate of yesterday; of a sink that encrypts.
    Expired,
}

/// What happens to a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// 429, `ThrottledException`.
    Throttled,
    /// 503.
    Unavailable,
    /// The connection is reset, nothing is taken.
    ResetBefore,
    /// Everything is taken, and the connection is reset instead of an answer.
    ResetAfter,
    /// This share of the documents is listed as unprocessed, with this code.
    Unprocessed(f64, &'static str),
    /// The body is read with this pause before each piece.
    SlowRead(Duration),
}

/// How long answers take: log-normal, as those of services are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Latency {
    pub(crate) median: Duration,
    pub(crate) p99: Duration,
}

impl Conduct {
    /// Good, but for this share of the calls.
    pub(crate) fn with(share: f64, fault: Fault) -> Self {
        Self { fault: Some((share, fault)), ..Self::default() }
    }

    /// Good, behind such a door.
    pub(crate) fn behind(door: Door) -> Self {
        Self { door, ..Self::default() }
    }

    /// What happens to the next call.
    pub(super) fn fault_of_a_call(&self) -> Option<Fault> {
        self.fault.filter(|(share, _)| fastrand::f64() < *share).map(|(_, fault)| fault)
    }
}

impl Latency {
    /// How long the next answer takes.
    pub(super) fn of_a_call(self) -> Duration {
        /// Standard deviations from the median to p99.
        const P99: f64 = 2.326;
        if self.median.is_zero() {
            return Duration::ZERO;
        }
        // The sum of twelve uniform numbers is as good as normal.
        let deviations = (0..12).map(|_| fastrand::f64()).sum::<f64>() - 6.0;
        let ratio = self.p99.max(self.median).as_secs_f64() / self.median.as_secs_f64();
        self.median.mul_f64(ratio.powf(deviations / P99))
    }
}
