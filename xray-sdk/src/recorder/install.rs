//! The recorder of this process, and the recorder of a test's thread.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::sink::Recorder;

static INSTALLED: OnceLock<&'static Recorder> = OnceLock::new();
static BEGAN_BEFORE: AtomicBool = AtomicBool::new(false);

/// Installs for the whole process; `false` when there is one already.
pub(super) fn install(recorder: &'static Recorder) -> bool {
    INSTALLED.set(recorder).is_ok()
}

/// Notes that a segment began without a recorder.
#[cold]
pub(super) fn note_early_segment() {
    BEGAN_BEFORE.store(true, Ordering::Relaxed);
}

/// Returns whether a segment began before there was a recorder.
pub(super) fn began_before() -> bool {
    BEGAN_BEFORE.load(Ordering::Relaxed)
}

/// Whether a recorder is installed for the process.
pub(crate) fn is_installed() -> bool {
    INSTALLED.get().is_some()
}

/// The recorder that begins segments on this thread.
#[inline]
pub(crate) fn current() -> Option<&'static Recorder> {
    #[cfg(feature = "testing")]
    if let Some(recorder) = THREAD_RECORDER.get() {
        return Some(recorder);
    }
    INSTALLED.get().copied()
}

#[cfg(feature = "testing")]
thread_local! {
    static THREAD_RECORDER: std::cell::Cell<Option<&'static Recorder>> = const { std::cell::Cell::new(None) };
}

/// Runs `work` with a recorder for this thread only, also when it panics.
#[cfg(feature = "testing")]
pub(crate) fn with_thread_recorder<R>(recorder: &'static Recorder, work: impl FnOnce() -> R) -> R {
    struct Restore(Option<&'static Recorder>);
    impl Drop for Restore {
        fn drop(&mut self) {
            THREAD_RECORDER.set(self.0);
        }
    }
    let _restore = Restore(THREAD_RECORDER.replace(Some(recorder)));
    work()
}
