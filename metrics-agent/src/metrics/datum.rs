//! [`Datum`]: one metric of one interval.

use telemetry_delivery::Item;

/// What CloudWatch calls a metric datum.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Datum {
    pub(crate) name: String,
    /// Sorted; at most 30.
    pub(crate) dimensions: Vec<(String, String)>,
    /// Epoch seconds of the interval's begin.
    pub(crate) timestamp: f64,
    pub(crate) unit: Unit,
    pub(crate) values: Values,
}

/// The units that StatsD knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Count,
    Milliseconds,
    None,
}

/// One number, or a distribution.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Values {
    One(f64),
    /// Distinct values and how often each was seen; at most 150.
    Counted(Vec<(f64, f64)>),
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
}
