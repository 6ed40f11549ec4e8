//! [`Pool`]: cells and memory for records, reused.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::record::Finished;

/// `Vec`s kept for reuse.
const KEPT_VECS: usize = 256;
/// What a segment begins with. Smaller ones, of subsegments that ended late, are not kept.
const LEAST_CAPACITY: usize = 8;
/// Larger ones are freed: one long trace must not hold memory for ever.
const KEPT_CAPACITY: usize = 1_024;

/// What is idle of one sink: as many cells as there were ever segments open at once, leaked on purpose and never freed, and `Vec`s.
pub(crate) struct Pool<Cell: 'static>(Mutex<Idle<Cell>>);

struct Idle<Cell: 'static> {
    cells: Vec<&'static Cell>,
    records: Vec<Vec<Finished>>,
}

impl<Cell> Default for Pool<Cell> {
    fn default() -> Self {
        Self(Mutex::new(Idle { cells: Vec::new(), records: Vec::new() }))
    }
}

impl<Cell> Pool<Cell> {
    /// A cell, if one is idle, and memory for its records: one lock for both.
    pub(super) fn take(&self) -> (Option<&'static Cell>, Vec<Finished>) {
        let (cell, records) = {
            let mut idle = self.lock();
            (idle.cells.pop(), idle.records.pop())
        };
        (cell, records.unwrap_or_else(new_records))
    }

    pub(super) fn take_records(&self) -> Vec<Finished> {
        let pooled = self.lock().records.pop();
        pooled.unwrap_or_else(new_records)
    }

    pub(super) fn give_back_cell(&self, cell: &'static Cell) {
        self.lock().cells.push(cell);
    }

    /// Empties `records` and keeps its memory; called by whoever encoded them.
    pub(crate) fn give_back_records(&self, mut records: Vec<Finished>) {
        records.clear();
        if !(LEAST_CAPACITY..=KEPT_CAPACITY).contains(&records.capacity()) {
            return;
        }
        let mut idle = self.lock();
        if idle.records.len() < KEPT_VECS {
            idle.records.push(records);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Idle<Cell>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn new_records() -> Vec<Finished> {
    Vec::with_capacity(LEAST_CAPACITY)
}
