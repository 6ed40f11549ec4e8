//! The current context: a thread-local of plain words, set for a scope or for each poll of a future.
//!
//! The thread-local is `const`-initialised and its content is `Copy`: no lazy flag, no destructor, no access error while
//! other destructors run.

use std::cell::Cell;
use std::marker::PhantomData;

use crate::entity::{Context, OpenSubsegment, Step};

thread_local! {
    static CURRENT: Current = const { Current { segment: Cell::new(Context::NONE), number: Cell::new(0) } };
}

/// The number is apart, because guards change nothing else.
struct Current {
    segment: Cell<Context>,
    number: Cell<u32>,
}

impl Current {
    #[inline]
    fn get(&self) -> Context {
        self.segment.get().with_number(self.number.get())
    }

    #[inline]
    fn set(&self, context: Context) {
        self.segment.set(context);
        self.number.set(context.number());
    }
}

impl Context {
    /// The context of the code that runs now on this thread.
    #[inline]
    #[must_use]
    pub fn current() -> Self {
        CURRENT.with(Current::get)
    }

    /// Makes this the current context until the guard is dropped; for threads and callbacks. A guard must not be held over an
    /// `.await`: futures carry their context with [`crate::FutureExt::in_context`].
    #[must_use = "the context is left when the guard is dropped"]
    pub fn enter(self) -> ContextGuard {
        ContextGuard { previous: replace(self), not_send: PhantomData }
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
        replace(self.previous);
    }
}

/// Sets the current context; the caller answers for putting the previous one back.
#[inline]
pub(crate) fn replace(context: Context) -> Context {
    CURRENT.with(|current| {
        let previous = current.get();
        current.set(context);
        previous
    })
}

/// Whether what happens here is recorded; cheaper than asking [`Context::current`].
#[inline]
pub(crate) fn is_recording() -> bool {
    CURRENT.with(|current| current.segment.get().is_recording())
}

/// Goes to another entity.
#[inline]
pub(crate) fn step(step: Step) {
    CURRENT.with(|current| match step {
        Step::To(number) => current.number.set(number),
        Step::Away(context) => current.set(context),
    });
}

/// Goes back from `open` to where it began, if it is still the current one, which it is unless guards were dropped out of order.
#[inline]
pub(crate) fn leave(open: &OpenSubsegment) {
    if let Some(back) = open.step_back(Context::current()) {
        step(back);
    }
}
