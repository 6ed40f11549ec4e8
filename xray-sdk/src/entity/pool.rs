//! Reused memory for records.

use std::sync::{Mutex, PoisonError};

use super::record::Finished;

static RECORDS: Mutex<Vec<Vec<Finished>>> = Mutex::new(Vec::new());

/// `Vec`s kept for reuse.
const KEPT_VECS: usize = 256;
/// Smaller ones, of subsegments that ended late, would make the next segment grow its own.
const LEAST_CAPACITY: usize = 8;
/// Larger ones are freed: one long trace must not hold memory for ever.
const KEPT_CAPACITY: usize = 1_024;

pub(super) fn take_records() -> Vec<Finished> {
    RECORDS.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
}

/// Empties `records` and keeps its memory; called by whoever encoded them.
pub(crate) fn give_back_records(mut records: Vec<Finished>) {
    records.clear();
    if !(LEAST_CAPACITY..=KEPT_CAPACITY).contains(&records.capacity()) {
        return;
    }
    let mut pool = RECORDS.lock().unwrap_or_else(PoisonError::into_inner);
    if pool.len() < KEPT_VECS {
        pool.push(records);
    }
}
