//! [`Pool`]: cells and memory for records, reused.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::extras;
use super::record::Finished;
use crate::fork::{Guards, Locked};

/// `Vec`s kept for reuse.
const KEPT_VECS: usize = 256;
/// What a segment begins with. Smaller ones, of subsegments that ended late, are not kept.
const LEAST_CAPACITY: usize = 8;
/// Larger ones are freed: one long trace must not hold memory for ever.
const KEPT_CAPACITY: usize = 1_024;

/// What is idle of one sink: as many cells as there were ever segments open at once, leaked on purpose and never freed, and `Vec`s.
pub(crate) struct Pool<Cell: 'static> {
    idle: Mutex<Idle<Cell>>,
    /// Every cell that was ever made, idle or not.
    all: Mutex<Vec<&'static Cell>>,
}

struct Idle<Cell: 'static> {
    cells: Vec<&'static Cell>,
    records: Vec<Vec<Finished>>,
}

impl<Cell> Default for Pool<Cell> {
    fn default() -> Self {
        Self { idle: Mutex::new(Idle { cells: Vec::new(), records: Vec::new() }), all: Mutex::default() }
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

    /// Keeps a new cell for the life of the process.
    pub(super) fn add(&self, cell: Cell) -> &'static Cell {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let cell: &'static Cell = Box::leak(Box::new(cell));
        all.push(cell);
        cell
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
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Cell: Locked + Send + Sync> Pool<Cell> {
    /// Lets a child of a fork continue with the segments of this pool.
    pub(crate) fn protect_from_forks(&'static self) {
        crate::fork::protect(self);
        extras::protect_from_forks();
    }
}

impl<Cell: Locked + Send + Sync> Locked for Pool<Cell> {
    fn lock_all(&'static self, guards: &mut Guards) {
        // First, so that no cell is made meanwhile; a cell is locked while it takes from `idle`, so that lock is last.
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().for_each(|cell| cell.lock_all(guards));
        guards.push(Box::new(all));
        self.idle.lock_all(guards);
    }
}

fn new_records() -> Vec<Finished> {
    Vec::with_capacity(LEAST_CAPACITY)
}
