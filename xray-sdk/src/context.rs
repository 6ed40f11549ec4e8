//! The current context: a thread-local of plain words, set for a scope or for each poll of a future.
//!
//! The thread-local is `const`-initialised and its content is `Copy`: no lazy flag, no destructor, no access error while
//! other destructors run.

use std::cell::Cell;
use std::marker::PhantomData;

use crate::entity::{Context, OpenSubsegment};

thread_local! {
    static CURRENT: Cell<Context> = const { Cell::new(Context::NONE) };
}

impl Context {
    /// The context of the code that runs now on this thread.
    #[inline]
    #[must_use]
    pub fn current() -> Self {
        CURRENT.get()
    }

    /// Makes this the current context until the guard is dropped; for threads and callbacks. A guard must not be held over an
    /// `.await`: futures carry their context with [`crate::FutureExt::in_context`].
    #[must_use = "the context is left when the guard is dropped"]
    pub fn enter(self) -> ContextGuard {
        ContextGuard { previous: CURRENT.replace(self), not_send: PhantomData }
    }

    /// Runs `work` with this as the current context.
    pub fn in_scope<R>(self, work: impl FnOnce() -> R) -> R {
        let _guard = self.enter();
        work()
    }
}

/// Puts the previous context back when dropped.
#[derive(Debug)]
pub struct ContextGuard {
    previous: Context,
    not_send: PhantomData<*const ()>,
}

impl Drop for ContextGuard {
    fn drop(&mut self) {
        CURRENT.set(self.previous);
    }
}

/// Sets the current context; the caller answers for putting the previous one back.
#[inline]
pub(crate) fn replace(context: Context) -> Context {
    CURRENT.replace(context)
}

/// Whether what happens here is recorded; cheaper than asking [`Context::current`].
#[inline]
pub(crate) fn is_recording() -> bool {
    CURRENT.with(|current| current.get().is_recording())
}

/// Goes back from `open` to where it began, if it is still the current one, which it is unless guards were dropped out of order.
#[inline]
pub(crate) fn leave(open: &OpenSubsegment) {
    if let Some(above) = open.context_above(CURRENT.get()) {
        CURRENT.set(above);
    }
}
