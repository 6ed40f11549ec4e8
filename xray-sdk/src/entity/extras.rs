//! What callers' headers said beside the trace, kept for requests that are not sampled: they have no cell that could hold it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

static KEPT: LazyLock<Mutex<HashMap<u32, Box<str>>>> = LazyLock::new(Mutex::default);
static NEXT: AtomicU32 = AtomicU32::new(1);

/// No extras; most headers have none, and nothing is locked or kept.
pub(super) const NO_EXTRAS: u32 = 0;
/// Requests under way whose extras are kept; those of more are not passed on.
const MOST: usize = 65_536;

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

fn lock() -> MutexGuard<'static, HashMap<u32, Box<str>>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}
