//! [`Tally`]: which documents arrived, how often and how late.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::load;

/// Which documents arrived.
#[derive(Debug)]
pub(crate) struct Tally(Mutex<State>);

#[derive(Debug)]
struct State {
    /// How often each number came, up to 255 times.
    seen: Vec<u8>,
    /// Microseconds from sending to the first arrival.
    delays: Vec<u32>,
    duplicates: u64,
    strangers: u64,
    calls: u64,
    bytes: u64,
    last: Instant,
}

/// A count of what has arrived so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Arrivals {
    /// Distinct documents.
    pub(crate) documents: u64,
    /// Documents that had arrived before.
    pub(crate) duplicates: u64,
    /// Documents that nobody here has sent.
    pub(crate) strangers: u64,
    /// Calls of PutTraceSegments, those that failed included.
    pub(crate) calls: u64,
    /// Bytes of their bodies.
    pub(crate) bytes: u64,
    /// From sending to arrival.
    pub(crate) delay: [Duration; 2],
}

impl Default for Tally {
    fn default() -> Self {
        let (seen, delays) = (Vec::new(), Vec::new());
        Self(Mutex::new(State { seen, delays, duplicates: 0, strangers: 0, calls: 0, bytes: 0, last: Instant::now() }))
    }
}

impl Tally {
    pub(super) fn note_call(&self, bytes: usize) {
        let mut state = self.lock();
        state.calls += 1;
        state.bytes += bytes as u64;
    }

    pub(super) fn note_documents<'a>(&self, documents: impl Iterator<Item = &'a str>) {
        let now = load::micros();
        let mut state = self.lock();
        documents.for_each(|document| state.note(document, now));
        state.last = Instant::now();
    }

    /// Distinct documents so far.
    pub(crate) fn documents(&self) -> u64 {
        self.lock().delays.len() as u64
    }

    /// How long nothing has come.
    pub(crate) fn silence(&self) -> Duration {
        self.lock().last.elapsed()
    }

    /// Everything so far; delays are p50 and p99.
    pub(crate) fn arrivals(&self) -> Arrivals {
        let mut state = self.lock();
        state.delays.sort_unstable();
        let at = |share: f64| {
            let place = (state.delays.len().saturating_sub(1) as f64 * share) as usize;
            Duration::from_micros(state.delays.get(place).copied().unwrap_or_default().into())
        };
        Arrivals {
            documents: state.delays.len() as u64,
            duplicates: state.duplicates,
            strangers: state.strangers,
            calls: state.calls,
            bytes: state.bytes,
            delay: [at(0.5), at(0.99)],
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn note(&mut self, document: &str, now: u64) {
        let Some((number, sent)) = load::read(document) else {
            self.strangers += 1;
            return;
        };
        let place = number as usize;
        if self.seen.len() <= place {
            self.seen.resize((place + 1).next_power_of_two(), 0);
        }
        if self.seen[place] == 0 {
            self.delays.push(now.saturating_sub(sent) as u32);
        } else {
            self.duplicates += 1;
        }
        self.seen[place] = self.seen[place].saturating_add(1);
    }
}
