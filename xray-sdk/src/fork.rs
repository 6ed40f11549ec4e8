//! Forks of this process: a child has the memory of its parent and none of its other threads.
//!
//! Two things break in a child: a thread of the parent is gone, and a lock that another thread held is never released. A value with a thread is
//! made again in the child: [`PerProcess`]. Locks of state that the child continues with are taken for the duration of a fork: [`protect`].

use std::any::Any;
use std::cell::RefCell;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};

use arc_swap::ArcSwap;

/// Counted in the child. Written before the child's first line of code, so no ordering is needed.
static FORKS: AtomicU32 = AtomicU32::new(0);
static WATCHED: Once = Once::new();
static PROTECTED: Mutex<Vec<&'static dyn Locked>> = Mutex::new(Vec::new());

thread_local! {
    /// Guards of the locks that the forking thread holds between the handlers before and after the fork.
    static GUARDS: RefCell<Guards> = const { RefCell::new(Vec::new()) };
}

/// Guards of any type, in the order in which they were taken.
pub(crate) type Guards = Vec<Box<dyn Any>>;

/// State that a child of a fork continues with.
pub(crate) trait Locked: Sync {
    /// Takes every lock of this state, outer ones first, and adds the guards.
    fn lock_all(&'static self, guards: &mut Guards);
}

impl<T: Send + 'static> Locked for Mutex<T> {
    fn lock_all(&'static self, guards: &mut Guards) {
        guards.push(Box::new(self.lock().unwrap_or_else(PoisonError::into_inner)));
    }
}

/// Makes each further fork wait for the locks of `state`, so that a child finds them free and what they guard complete.
pub(crate) fn protect(state: &'static dyn Locked) {
    PROTECTED.lock().unwrap_or_else(PoisonError::into_inner).push(state);
}

/// Returns the number of forks between the first process that called [`watch`] and this one. It costs a load, where asking for the process id is a
/// system call.
#[inline]
pub(crate) fn count() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

/// Counts forks and [protects](protect) state from now on.
#[cfg(unix)]
pub(crate) fn watch() {
    extern "C" fn before() {
        let mut guards = Guards::new();
        // Held as well: nothing is added between this and the fork.
        let protected = PROTECTED.lock().unwrap_or_else(PoisonError::into_inner);
        protected.iter().for_each(|state| state.lock_all(&mut guards));
        guards.push(Box::new(protected));
        // Without thread-locals, in a thread that is ending, the fork is as unprotected as it was.
        let _is_ending = GUARDS.try_with(|held| held.replace(guards));
    }
    extern "C" fn in_parent() {
        let _is_ending = GUARDS.try_with(RefCell::take);
    }
    extern "C" fn in_child() {
        FORKS.fetch_add(1, Ordering::Relaxed);
        in_parent();
    }
    WATCHED.call_once(|| {
        #[expect(unsafe_code, reason = "the C library runs these between its own handlers, so that its allocator works in them")]
        let status = unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
        if status != 0 {
            log::warn!("X-Ray: forks of this process cannot be noticed; children that record must install the SDK themselves");
        }
    });
}

/// There is no fork.
#[cfg(not(unix))]
pub(crate) fn watch() {
    WATCHED.call_once(|| ());
}

/// A value that a child of a fork makes anew: threads of the parent's value are gone, and its locks may stay locked.
pub(crate) struct PerProcess<T> {
    made: ArcSwap<Made<T>>,
    make: Box<Make<T>>,
}

/// Makes the value, from the parent's in a child. Of that only what has no lock may be used.
type Make<T> = dyn Fn(Option<&T>) -> io::Result<T> + Send + Sync;

struct Made<T> {
    value: T,
    forks: u32,
}

impl<T> PerProcess<T> {
    /// Makes the value of this process.
    ///
    /// # Errors
    /// Those of `make`.
    pub(crate) fn new(make: impl Fn(Option<&T>) -> io::Result<T> + Send + Sync + 'static) -> io::Result<Self> {
        watch();
        let made = Made { value: make(None)?, forks: count() };
        Ok(Self { made: ArcSwap::from_pointee(made), make: Box::new(make) })
    }

    /// Calls `work` with the value of this process.
    ///
    /// # Errors
    /// When this is the first call in a child, and the value cannot be made.
    #[inline]
    pub(crate) fn with<R>(&self, work: impl FnOnce(&T) -> R) -> io::Result<R> {
        let made = self.made.load();
        if made.forks == count() { Ok(work(&made.value)) } else { Ok(work(&self.make_again(&made)?.value)) }
    }

    #[cold]
    fn make_again(&self, parents: &Arc<Made<T>>) -> io::Result<Arc<Made<T>>> {
        let fresh = Arc::new(Made { value: (self.make)(Some(&parents.value))?, forks: count() });
        // Never dropped: that would take its locks.
        std::mem::forget(Arc::clone(parents));
        let before = self.made.compare_and_swap(parents, Arc::clone(&fresh));
        // Another thread of the child may have been faster.
        Ok(if Arc::ptr_eq(&before, parents) { fresh } else { Arc::clone(&before) })
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        let made = self.made.load_full();
        if made.forks != count() {
            std::mem::forget(made);
        }
    }
}
