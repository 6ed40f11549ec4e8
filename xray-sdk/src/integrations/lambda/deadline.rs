//! [`Watched`]: sends what is finished of an invocation shortly before Lambda kills the function at its limit.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use telemetry_wire::Timestamp;

use crate::clock::{monotonic_now, wall_now};
use crate::entity::Announcement;
use crate::recorder::current_recorder;

/// Time before the deadline at which an invocation is sent as it is. A function with less than twice that is sent at half of its time.
const AHEAD: Duration = Duration::from_millis(200);

static INVOCATIONS: Mutex<Invocations> = Mutex::new(Invocations { due: BTreeMap::new(), next_number: 0, wakes_at: None });
static THREAD: OnceLock<Option<Thread>> = OnceLock::new();

struct Invocations {
    /// By the time at which they are due, and a number that tells apart those due at once.
    due: BTreeMap<(Instant, u64), Announcement>,
    next_number: u64,
    /// When the thread looks next by itself; `None` while it waits to be woken.
    wakes_at: Option<Instant>,
}

/// An invocation under way. Dropped when it has ended.
#[derive(Debug)]
pub(super) struct Watched(Option<(Instant, u64)>);

impl Watched {
    pub(super) fn start(announcement: Announcement, deadline: Timestamp) -> Self {
        let left = Duration::from_micros(deadline.as_micros().saturating_sub(wall_now().as_micros()));
        // Without a limit, as in tests.
        if left.is_zero() {
            return Self(None);
        }
        let Some(due) = monotonic_now().checked_add(left.saturating_sub(AHEAD).max(left / 2)) else { return Self(None) };
        let Some(thread) = THREAD.get_or_init(start_thread) else { return Self(None) };
        let mut invocations = lock();
        let key = (due, invocations.next_number);
        invocations.next_number += 1;
        invocations.due.insert(key, announcement);
        // Deadlines come in order, as a function has one limit: usually the thread wakes early enough, and no system call is needed.
        if invocations.wakes_at.is_none_or(|wakes_at| due < wakes_at) {
            thread.unpark();
        }
        Self(Some(key))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(key) = self.0 {
            lock().due.remove(&key);
        }
    }
}

fn lock() -> MutexGuard<'static, Invocations> {
    INVOCATIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn start_thread() -> Option<Thread> {
    let started = std::thread::Builder::new().name("xray-deadline".into()).spawn(run);
    if let Err(error) = &started {
        log::warn!("X-Ray: no thread to watch the deadlines of invocations: {error}; one that is killed at its limit leaves no trace");
    }
    started.ok().map(|handle| handle.thread().clone())
}

fn run() {
    loop {
        match next_due(monotonic_now()) {
            Next::Due(announcement) => {
                announcement.send();
                if let Some(recorder) = current_recorder() {
                    recorder.flush(AHEAD / 2);
                }
            }
            Next::In(time) => std::thread::park_timeout(time),
            Next::Nothing => std::thread::park(),
        }
    }
}

enum Next {
    Due(Announcement),
    In(Duration),
    Nothing,
}

fn next_due(now: Instant) -> Next {
    let mut invocations = lock();
    invocations.wakes_at = invocations.due.first_key_value().map(|(&(due, _), _)| due);
    match invocations.wakes_at {
        None => Next::Nothing,
        Some(due) if due > now => Next::In(due - now),
        Some(_) => invocations.due.pop_first().map_or(Next::Nothing, |(_, announcement)| Next::Due(announcement)),
    }
}
