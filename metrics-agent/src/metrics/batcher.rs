//! [`DatumBatcher`]: a call of PutMetricData has one namespace.

use std::collections::BTreeMap;
use std::sync::Arc;

use telemetry_delivery::{AffineBatcher, BatchLimits, Batcher, Held, Patience};

use super::datum::Datum;

/// Batches of one namespace each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DatumBatcher(AffineBatcher);

impl DatumBatcher {
    pub(crate) const fn new(limits: BatchLimits) -> Self {
        Self(AffineBatcher::new(limits))
    }
}

impl Batcher<Datum> for DatumBatcher {
    fn patience(&self) -> Patience {
        Batcher::<Datum>::patience(&self.0)
    }

    fn cut(&self, data: Vec<Held<Datum>>) -> Vec<Vec<Held<Datum>>> {
        let mut by_namespace: BTreeMap<Arc<str>, Vec<Held<Datum>>> = BTreeMap::new();
        for held in data {
            by_namespace.entry(Arc::clone(&held.item.namespace)).or_default().push(held);
        }
        by_namespace.into_values().flat_map(|data| self.0.cut(data)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::metrics::datum::{Unit, Values};

    #[test]
    fn no_batch_has_two_namespaces_and_nothing_is_lost() {
        let datum = |n: usize| {
            let namespace = ["Old", "New"][n % 2].into();
            let (name, values) = (n.to_string(), Values::One(1.0));
            Held::new(Datum { namespace, name, dimensions: Vec::new(), timestamp: 0.0, unit: Unit::None, values, resolution: 60 })
        };
        let batcher = DatumBatcher::new(BatchLimits { items: 4, bytes: 100_000, linger: Duration::ZERO });
        let batches = batcher.cut((0..20).map(datum).collect());
        assert!(batches.iter().all(|batch| batch.len() <= 4 && batch.iter().all(|held| held.item.namespace == batch[0].item.namespace)));
        assert_eq!(batches.iter().map(Vec::len).sum::<usize>(), 20);
    }
}
