//! [`Worker`]: the one thread that encodes and sends.
//!
//! Waking a thread for each segment costs as much as the work it moves away (8–11 µs at p99), so the worker looks at the
//! queue every 5 ms while there is traffic, is woken early when many wait, and sleeps for good after a second without work.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Duration;

use super::queue::FragmentQueue;

/// How often the worker looks; idle this costs less than 0.1 % of a core.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Looks without work before it sleeps for good: one second.
const LOOKS_BEFORE_SLEEP: u32 = 200;
/// Waiting fragments that wake it before its next look.
const WAKE_AT: usize = 512;

const LOOKING: u8 = 0;
const ASLEEP: u8 = 1;
const STOPPED: u8 = 2;

/// Shared by the worker and by those who push.
#[derive(Debug)]
pub(crate) struct Worker {
    state: AtomicU8,
    thread: OnceLock<Thread>,
}

impl Worker {
    /// Starts the thread; `drain` empties the queue.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(queue: Arc<FragmentQueue>, drain: impl Fn() + Send + 'static) -> std::io::Result<Arc<Self>> {
        let worker = Arc::new(Self { state: AtomicU8::new(LOOKING), thread: OnceLock::new() });
        let shared = Arc::clone(&worker);
        let spawned = std::thread::Builder::new().name("xray-emitter".into()).spawn(move || shared.run(&queue, drain))?;
        worker.thread.get_or_init(|| spawned.thread().clone());
        Ok(worker)
    }

    /// Says that something was pushed.
    #[inline]
    pub(crate) fn pushed(&self, waiting: usize) {
        if waiting == WAKE_AT || self.state.load(Ordering::SeqCst) == ASLEEP {
            self.wake();
        }
    }

    /// Whether the thread is told to end, so that nobody would send what is pushed now.
    #[inline]
    pub(crate) fn is_stopped(&self) -> bool {
        self.state.load(Ordering::SeqCst) == STOPPED
    }

    /// Returns whether the caller runs on this thread.
    pub(crate) fn is_this_thread(&self) -> bool {
        self.thread.get().is_some_and(|thread| thread.id() == std::thread::current().id())
    }

    /// Ends the thread after one more drain.
    pub(crate) fn stop(&self) {
        self.state.store(STOPPED, Ordering::SeqCst);
        self.wake();
    }

    #[cold]
    fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    fn run(&self, queue: &FragmentQueue, drain: impl Fn()) {
        let mut looks_without_work = 0;
        while self.state.load(Ordering::SeqCst) != STOPPED {
            if queue.len() > 0 {
                looks_without_work = 0;
                drain();
            } else {
                looks_without_work += 1;
            }
            if looks_without_work < LOOKS_BEFORE_SLEEP {
                std::thread::park_timeout(LOOK_EVERY);
            } else {
                self.sleep(queue);
                looks_without_work = 0;
            }
        }
        drain();
    }

    /// Announces the sleep first and looks once more, so that no push goes unseen.
    fn sleep(&self, queue: &FragmentQueue) {
        let announced = self.state.compare_exchange(LOOKING, ASLEEP, Ordering::SeqCst, Ordering::SeqCst);
        if announced.is_ok() && queue.len() == 0 {
            std::thread::park();
        }
        let woken = self.state.compare_exchange(ASLEEP, LOOKING, Ordering::SeqCst, Ordering::SeqCst);
        debug_assert!(woken.is_ok() || self.state.load(Ordering::SeqCst) == STOPPED);
    }
}
