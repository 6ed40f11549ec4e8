//! [`Datum`]: one metric of one interval.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use telemetry_delivery::{Item, Spooled, allocated};

/// What CloudWatch calls a metric datum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Datum {
    /// It keeps the one that it was counted under, whatever is configured when it is sent.
    pub(crate) namespace: Arc<str>,
    pub(crate) name: String,
    /// Sorted; at most 30.
    pub(crate) dimensions: Vec<(String, String)>,
    /// Epoch seconds of the interval's begin.
    pub(crate) timestamp: f64,
    pub(crate) unit: Unit,
    pub(crate) values: Values,
    /// Seconds: 1 or 60.
    pub(crate) resolution: i32,
}

/// The units that StatsD knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Unit {
    Count,
    Milliseconds,
    None,
}

/// One number, or a distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Values {
    One(f64),
    /// Distinct values and how often each was seen; at most 150.
    Counted(Vec<(f64, f64)>),
}

impl Values {
    /// The values, if all of them are finite and none is larger than `largest`, of either sign.
    pub(crate) fn in_range(self, largest: f64) -> Option<Self> {
        let is_in = |value: f64| value.is_finite() && value.abs() <= largest;
        let are_in = match &self {
            Self::One(value) => is_in(*value),
            Self::Counted(values) => values.iter().all(|(value, count)| is_in(*value) && is_in(*count)),
        };
        are_in.then_some(self)
    }
}

impl Item for Datum {
    /// About the bytes of the request as CBOR, which the batch limit is about.
    fn bytes(&self) -> usize {
        /// Keys, unit, resolution and timestamp.
        const BARE: usize = 100;
        const DIMENSION: usize = 16;
        let dimensions: usize = self.dimensions.iter().map(|(name, value)| name.len() + value.len() + DIMENSION).sum();
        let values = if let Values::Counted(values) = &self.values { values.len() * 18 } else { 9 };
        BARE + self.name.len() + dimensions + values
    }

    fn heap_bytes(&self) -> usize {
        let dimensions: usize = self.dimensions.iter().map(|(name, value)| 48 + allocated(name.len()) + allocated(value.len())).sum();
        let values = if let Values::Counted(values) = &self.values { allocated(values.len() * 16) } else { 0 };
        allocated(self.name.len()) + dimensions + values
    }
}

impl Spooled for Datum {
    fn write(&self, bytes: &mut Vec<u8>) {
        // A number that JSON cannot write was refused before.
        if let Err(error) = serde_json::to_writer(bytes, self) {
            tracing::error!(%error, metric = self.name, "a metric cannot be written to the spool");
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}
