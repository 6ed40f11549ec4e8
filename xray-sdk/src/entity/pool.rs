//! Reused memory: cells, which are leaked on purpose and never freed, and the `Vec`s of records.
//!
//! A pool of cells holds as many as there were ever segments open at once, 256 bytes each.

use std::sync::{Mutex, PoisonError};

use super::cell::SegmentCell;
use super::fragment::FragmentSink;
use super::record::Finished;

static RECORDS: Mutex<Vec<Vec<Finished>>> = Mutex::new(Vec::new());

/// `Vec`s kept for reuse.
const KEPT_VECS: usize = 256;
/// Larger ones are freed: one long trace must not hold memory for ever.
const KEPT_CAPACITY: usize = 1_024;

/// The idle cells of one sink. A cell belongs to its sink for ever, so that what outlived its segment still knows where to go.
#[derive(Default)]
pub(crate) struct CellPool(Mutex<Vec<&'static SegmentCell>>);

impl CellPool {
    pub(super) fn take(sink: &'static dyn FragmentSink) -> &'static SegmentCell {
        let pooled = sink.cells().0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        pooled.unwrap_or_else(|| Box::leak(Box::new(SegmentCell::new(sink))))
    }

    pub(super) fn give_back(&self, cell: &'static SegmentCell) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(cell);
    }
}

pub(super) fn take_records() -> Vec<Finished> {
    RECORDS.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
}

/// Empties `records` and keeps its memory; called by whoever encoded them.
pub(crate) fn give_back_records(mut records: Vec<Finished>) {
    records.clear();
    if records.capacity() == 0 || records.capacity() > KEPT_CAPACITY {
        return;
    }
    let mut pool = RECORDS.lock().unwrap_or_else(PoisonError::into_inner);
    if pool.len() < KEPT_VECS {
        pool.push(records);
    }
}
