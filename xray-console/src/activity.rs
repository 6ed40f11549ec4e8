//! What happened of late: arrivals per second, calls, refusals. In memory; it is news, not data.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::clock::now;

/// Seconds of arrivals kept.
const SECONDS: usize = 300;
/// Calls and refusals kept.
const KEPT: usize = 200;

/// What can arrive.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signal {
    Segments,
    Metrics,
    Logs,
}

/// An AWS call that was served or refused.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallRecord {
    pub(crate) at: f64,
    pub(crate) service: String,
    pub(crate) operation: String,
    pub(crate) status: u16,
    pub(crate) millis: f64,
    pub(crate) error: Option<String>,
    pub(crate) request_id: String,
}

/// Something that was not taken, and why.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rejection {
    pub(crate) at: f64,
    pub(crate) what: &'static str,
    pub(crate) id: Option<String>,
    pub(crate) code: String,
    pub(crate) message: String,
}

/// Everything of late, for the page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct News {
    pub(crate) now: f64,
    pub(crate) segments: Arrivals,
    pub(crate) metrics: Arrivals,
    pub(crate) logs: Arrivals,
    pub(crate) calls: Vec<CallRecord>,
    pub(crate) rejections: Vec<Rejection>,
}

/// Counts of the last minutes, the newest second last.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Arrivals {
    pub(crate) per_second: Vec<u64>,
    pub(crate) total: u64,
    pub(crate) last_at: Option<f64>,
}

#[derive(Debug, Default)]
struct Series {
    buckets: VecDeque<(i64, u64)>,
    total: u64,
    last_at: Option<f64>,
}

#[derive(Debug, Default)]
struct State {
    series: [Series; 3],
    calls: VecDeque<CallRecord>,
    rejections: VecDeque<Rejection>,
}

/// Collects it; the page waits for its version to change.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    state: Mutex<State>,
    version: AtomicU64,
}

impl Activity {
    pub(crate) fn arrived(&self, signal: Signal, count: usize) {
        if count == 0 {
            return;
        }
        let at = now();
        self.change(|state| state.series[signal as usize].add(at, count as u64));
    }

    pub(crate) fn called(&self, call: CallRecord) {
        self.change(|state| keep(&mut state.calls, call));
    }

    pub(crate) fn rejected(&self, what: &'static str, id: Option<String>, code: impl Into<String>, message: impl Into<String>) {
        let rejection = Rejection { at: now(), what, id, code: code.into(), message: message.into() };
        self.change(|state| keep(&mut state.rejections, rejection));
    }

    /// Returns a number that grows whenever there is news.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    pub(crate) fn news(&self) -> News {
        let now = now();
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let arrivals = |signal: Signal| state.series[signal as usize].read(now);
        News {
            now,
            segments: arrivals(Signal::Segments),
            metrics: arrivals(Signal::Metrics),
            logs: arrivals(Signal::Logs),
            calls: state.calls.iter().rev().cloned().collect(),
            rejections: state.rejections.iter().rev().cloned().collect(),
        }
    }

    /// Notes that pages show what is no longer there.
    pub(crate) fn changed(&self) {
        self.change(|_| {});
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.version.fetch_add(1, Ordering::Relaxed);
    }
}

fn keep<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() == KEPT {
        list.pop_front();
    }
    list.push_back(item);
}

impl Series {
    fn add(&mut self, at: f64, count: u64) {
        self.total += count;
        self.last_at = Some(at);
        match self.buckets.back_mut().filter(|(second, _)| *second == at as i64) {
            Some((_, counted)) => *counted += count,
            None => self.buckets.push_back((at as i64, count)),
        }
        while self.buckets.len() > SECONDS {
            self.buckets.pop_front();
        }
    }

    fn read(&self, now: f64) -> Arrivals {
        const SHOWN: i64 = 60;
        let counted = |second: i64| self.buckets.iter().find(|(known, _)| *known == second).map_or(0, |(_, count)| *count);
        let per_second = (now as i64 - SHOWN..now as i64).map(counted).collect();
        Arrivals { per_second, total: self.total, last_at: self.last_at }
    }
}
