//! The current context: a thread-local of plain words, set for a scope or for each poll of a future.
//!
//! The thread-local is `const`-initialised and its content is `Copy`: no lazy flag, no destructor, no access error while
//! other destructors run.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::MutexGuard;

use crate::entity::{Context, Left, OpenSubsegment, Step};

/// Guards dropped before those that began inside of them, and not yet passed on the way back. More at once are not worth a list that allocates.
const LEFT: usize = 8;

thread_local! {
    static CURRENT: Current = const {
        Current { segment: Cell::new(Context::NONE), number: Cell::new(0), left: [const { Cell::new(None) }; LEFT], left_count: Cell::new(0) }
    };
}

/// The number is apart, because guards change nothing else.
struct Current {
    segment: Cell<Context>,
    number: Cell<u32>,
    /// A ring: entries that never match, since a guard was forgotten, are overwritten.
    left: [Cell<Option<Left>>; LEFT],
    left_count: Cell<usize>,
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
        ContextGuard { previous: replace(self), _not_send: PhantomData }
    }

    /// Runs `work` with this as the current context.
    pub fn in_scope<R>(self, work: impl FnOnce() -> R) -> R {
        let _guard = self.enter();
        work()
    }
}

/// Why a future is not `Send`: it holds a guard of this thread over an `.await`. Put the guard into a block of its own, hold a
/// [`Subsegment`](crate::Subsegment), or use [`FutureExt::in_subsegment`](crate::FutureExt::in_subsegment).
///
/// The name is what the compiler says. Of types that are not `Send` only those of the standard library can be made to; so this stands in one.
#[derive(Debug)]
pub struct GuardHeldOverAwait(());

/// Makes a guard stay on its thread.
pub(crate) type NotSend = PhantomData<MutexGuard<'static, GuardHeldOverAwait>>;

/// Puts the previous context back when dropped.
#[derive(Debug)]
pub struct ContextGuard {
    previous: Context,
    _not_send: NotSend,
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

/// Goes back from `open` to where it began, if it is the current one. It is not when guards are dropped out of order; then the one that is
/// current goes back past it.
#[inline]
pub(crate) fn leave(open: &OpenSubsegment) {
    match open.step_back(Context::current()) {
        Some(back) => step(CURRENT.with(|current| if current.left_count.get() == 0 { back } else { current.past_left(back) })),
        None => CURRENT.with(|current| current.remember_left(open)),
    }
}

impl Current {
    #[cold]
    fn remember_left(&self, open: &OpenSubsegment) {
        if let Some(left) = open.left(self.segment.get()) {
            let count = self.left_count.get();
            self.left[count % LEFT].set(Some(left));
            self.left_count.set(count + 1);
        }
    }

    #[cold]
    fn past_left(&self, back: Step) -> Step {
        let Step::To(mut number) = back else { return back };
        let segment = self.segment.get();
        while let Some((slot, left)) =
            self.left.iter().find_map(|slot| slot.get().filter(|left| left.is(segment, number)).map(|left| (slot, left)))
        {
            slot.set(None);
            number = left.parent;
        }
        if self.left.iter().all(|slot| slot.get().is_none()) {
            self.left_count.set(0);
        }
        Step::To(number)
    }
}
