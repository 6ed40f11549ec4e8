//! What callers' headers said beside the trace, kept for requests that are not sampled: they have no cell that could hold it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// Made without a first use, during which the process might fork.
static KEPT: Mutex<BTreeMap<u32, Box<str>>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU32 = AtomicU32::new(1);

/// No extras; most headers have none, and nothing is locked or kept.
pub(super) const NO_EXTRAS: u32 = 0;
/// Requests under way whose extras are kept; those of more are not passed on.
const MOST: usize = 65_536;

/// Lets a child of a fork continue with what is kept.
pub(super) fn protect_from_forks() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| crate::fork::protect(&KEPT));
}

/// Keeps `extras` until [`forget`]. Gives the number that finds them.
pub(super) fn keep(extras: Box<str>) -> u32 {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut kept = lock();
    if kept.len() >= MOST || kept.contains_key(&number) || number == NO_EXTRAS {
        return NO_EXTRAS;
    }
    kept.insert(number, extras);
    number
}

pub(super) fn forget(number: u32) {
    if number != NO_EXTRAS {
        lock().remove(&number);
    }
}

/// Looks at what is kept, if it still is.
pub(super) fn with<R>(number: u32, look: impl FnOnce(&str) -> R) -> R {
    if number == NO_EXTRAS { look("") } else { look(lock().get(&number).map_or("", |extras| extras)) }
}

fn lock() -> MutexGuard<'static, BTreeMap<u32, Box<str>>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}
