//! [`Tally`]: which documents arrived, how often and how late.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::numbers::Numbers;
use crate::load;

/// Which documents arrived.
#[derive(Debug)]
pub(crate) struct Tally(Mutex<State>);

#[derive(Debug)]
struct State {
    documents: Numbers,
    values: Numbers,
    lines: Numbers,
    /// Microseconds from sending to the first arrival.
    delays: Vec<u32>,
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
        let [documents, values, lines] = [Numbers::default(), Numbers::default(), Numbers::default()];
        Self(Mutex::new(State { documents, values, lines, delays: Vec::new(), strangers: 0, calls: 0, bytes: 0, last: Instant::now() }))
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

    /// Notes values of metrics; each is its number.
    pub(super) fn note_values(&self, values: impl Iterator<Item = u64>) {
        let mut state = self.lock();
        for value in values {
            state.values.note(value);
        }
        state.last = Instant::now();
    }

    /// Notes lines of logs; each begins with its number.
    pub(super) fn note_lines<'a>(&self, lines: impl Iterator<Item = &'a str>) {
        let mut state = self.lock();
        for line in lines {
            let number = line.split(' ').next().and_then(|number| number.parse().ok());
            state.strangers += u64::from(number.is_none());
            number.map(|number| state.lines.note(number));
        }
        state.last = Instant::now();
    }

    /// The numbers so far of documents, values of metrics and log lines.
    pub(crate) fn numbers(&self) -> [Numbers; 3] {
        let state = self.lock();
        [state.documents.clone(), state.values.clone(), state.lines.clone()]
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
            duplicates: state.documents.duplicates,
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
        if self.documents.note(number) {
            self.delays.push(now.saturating_sub(sent) as u32);
        }
    }
}
