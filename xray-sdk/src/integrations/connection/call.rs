//! [`InCall`]: around the future of a call, so that its connects can find it.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context as TaskContext, Poll};

use pin_project_lite::pin_project;

use crate::{Context, Subsegment};

/// What the connects of a call tell it. They are made within its polls, and may outlive it.
#[derive(Debug, Default)]
pub(super) struct Connects {
    pub(super) begun: AtomicUsize,
    pub(super) open: AtomicUsize,
    has_ended: AtomicBool,
}

impl Connects {
    /// Returns whether a connect of this call that is dropped now is dropped by the client: within a poll of the call, or after its end. Then a timeout
    /// ended it. Otherwise the application has dropped the call.
    pub(super) fn gave_up(self: &Arc<Self>) -> bool {
        self.has_ended.load(Ordering::Relaxed) || current().is_some_and(|current| Arc::ptr_eq(self, &current))
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Connects>>> = const { RefCell::new(None) };
}

/// The connects of the call whose future is polled on this thread.
pub(super) fn current() -> Option<Arc<Connects>> {
    CURRENT.with_borrow(Clone::clone)
}

/// Set when a connector is wrapped. Without one a call has no phases.
pub(super) static IS_USED: AtomicBool = AtomicBool::new(false);

pin_project! {
    /// A call's future, for clients of your own: poll it in the call's subsegment. Those of reqwest and hyper have it already.
    #[derive(Debug)]
    pub struct InCall<F> {
        connects: Option<Arc<Connects>>,
        response: Option<Subsegment>,
        #[pin]
        inner: F,
    }
}

impl<F> InCall<F> {
    /// Wraps the future of one call.
    pub fn new(inner: F) -> Self {
        Self { connects: IS_USED.load(Ordering::Relaxed).then(Arc::default), response: None, inner }
    }
}

/// Puts back what was current, also after a panic.
struct Restore(Option<Arc<Connects>>);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

impl<F: Future> Future for InCall<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<F::Output> {
        let this = self.project();
        let context = Context::current();
        let Some(connects) = this.connects.as_ref().filter(|_| context.is_recording()) else { return this.inner.poll(cx) };
        let polled = {
            let _restore = Restore(CURRENT.replace(Some(Arc::clone(connects))));
            this.inner.poll(cx)
        };
        if polled.is_ready() {
            *this.response = None;
            connects.has_ended.store(true, Ordering::Relaxed);
            // Without a connect the connection may be reused, or its connector not wrapped.
            if connects.begun.load(Ordering::Relaxed) > 0 {
                context.note(crate::entity::Note::Metadata("http".into(), "connection".into(), serde_json::json!({ "reused": false })));
            }
        } else if this.response.is_none() && connects.open.load(Ordering::Relaxed) == 0 {
            *this.response = Some(Subsegment::begin_in(context, "response"));
        }
        polled
    }
}
