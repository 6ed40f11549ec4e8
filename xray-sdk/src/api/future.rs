//! Futures that carry a context, a subsegment or a segment from poll to poll, on any runtime.

use std::borrow::Cow;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use pin_project_lite::pin_project;
use telemetry_wire::AnnotationValue;

use super::exception::{Exceptions, panic_exception};
use super::segment::Segment;
use super::subsegment::Subsegment;
use crate::context;
use crate::entity::{Classification, Context};

/// Adds tracing to every future.
pub trait FutureExt: Future + Sized {
    /// Runs the future in `context`; for spawned tasks:
    ///
    /// ```
    /// use xray_sdk::{Context, FutureExt as _};
    /// # async fn refresh() {}
    /// # let spawn = |_: xray_sdk::InContext<_>| ();
    /// spawn(refresh().in_context(Context::current()));
    /// ```
    fn in_context(self, context: Context) -> InContext<Self> {
        InContext { context, inner: self }
    }

    /// Runs the future in the context that is current now.
    fn in_current_context(self) -> InContext<Self> {
        self.in_context(Context::current())
    }

    /// Runs the future in a subsegment that begins at its first poll.
    fn in_subsegment(self, name: impl Into<Cow<'static, str>>) -> InSubsegment<Self> {
        InSubsegment { name: Some(name.into()), inner: Owned::new(Subsegment::noop(), self, |_, _| ()) }
    }

    /// Runs the future in `segment`, which ends with it.
    fn in_segment(self, segment: Segment) -> InSegment<Self> {
        InSegment { inner: Owned::new(segment, self, |_, _| ()) }
    }
}

impl<F: Future> FutureExt for F {}

pin_project! {
    /// See [`FutureExt::in_context`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct InContext<F> {
        context: Context,
        #[pin]
        inner: F,
    }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.context.enter();
        this.inner.poll(cx)
    }
}

/// What a future can run in: a segment or a subsegment.
pub trait Owner {
    #[doc(hidden)]
    fn context(&self) -> Context;
    /// Whether entering makes a difference.
    #[doc(hidden)]
    fn changes_context(&self) -> bool;
    #[doc(hidden)]
    fn is_recording(&self) -> bool {
        self.context().is_recording()
    }
    #[doc(hidden)]
    fn fail(&mut self, classification: Classification, exceptions: Exceptions);
    #[doc(hidden)]
    fn annotate(&mut self, key: &'static str, value: AnnotationValue) {
        let _ = (key, value);
    }
    #[doc(hidden)]
    fn metadata(&mut self, key: &'static str, value: &impl serde::Serialize) {
        let _ = (key, value);
    }
}

impl Owner for Segment {
    fn context(&self) -> Context {
        self.context()
    }

    fn changes_context(&self) -> bool {
        self.context().is_present()
    }

    fn fail(&mut self, classification: Classification, exceptions: Exceptions) {
        self.failure(classification, || exceptions);
    }

    fn annotate(&mut self, key: &'static str, value: AnnotationValue) {
        Self::annotate(self, key, value);
    }

    fn metadata(&mut self, key: &'static str, value: &impl serde::Serialize) {
        Self::metadata(self, key, value);
    }
}

impl Owner for Subsegment {
    fn context(&self) -> Context {
        self.context()
    }

    /// One that is not recorded below one that is changes what is passed on.
    fn changes_context(&self) -> bool {
        self.is_recording() || self.context().is_present() && context::is_recording()
    }

    fn fail(&mut self, classification: Classification, exceptions: Exceptions) {
        self.failure(classification, || exceptions);
    }

    fn annotate(&mut self, key: &'static str, value: AnnotationValue) {
        Self::annotate(self, key, value);
    }

    fn metadata(&mut self, key: &'static str, value: &impl serde::Serialize) {
        Self::metadata(self, key, value);
    }
}

/// Runs `work` in the owner's context; a panic is recorded as a fault and goes on.
pub(crate) fn guarded<R>(owner: &mut impl Owner, work: impl FnOnce() -> R) -> R {
    let previous = context::replace(owner.context());
    let result = catch_unwind(AssertUnwindSafe(work));
    context::replace(previous);
    result.unwrap_or_else(|payload| {
        owner.fail(Classification::Fault, panic_exception(&*payload));
        resume_unwind(payload)
    })
}

pin_project! {
    /// A future in its segment or subsegment, which ends with it; dropped before that, it is cancelled.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Owned<F, O, N> where O: Owner {
        // Dropped before its owner: what the future holds open ends before what it runs in.
        #[pin]
        inner: F,
        owner: Option<O>,
        finish: Option<N>,
        was_polled: bool,
    }

    impl<F, O, N> PinnedDrop for Owned<F, O, N> where O: Owner {
        /// A future that was never polled did nothing that could be cancelled.
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let Some(owner) = this.owner && *this.was_polled && owner.changes_context() {
                owner.fail(Classification::Error, Exceptions::new("cancelled", "dropped before completion"));
            }
        }
    }
}

impl<F, O: Owner, N> Owned<F, O, N> {
    pub(crate) const fn new(owner: O, inner: F, finish: N) -> Self {
        Self { inner, owner: Some(owner), finish: Some(finish), was_polled: false }
    }

    fn set_owner(self: Pin<&mut Self>, owner: O) {
        *self.project().owner = Some(owner);
    }
}

impl<F: Future, O: Owner, N: FnOnce(&mut O, &F::Output)> Future for Owned<F, O, N> {
    type Output = F::Output;

    /// The owner is taken out for each poll: a panic then ends it as a fault instead of as cancelled.
    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<F::Output> {
        let this = self.project();
        *this.was_polled = true;
        let Some(mut owner) = this.owner.take_if(|owner| owner.changes_context()) else { return this.inner.poll(cx) };
        let polled = guarded(&mut owner, || this.inner.poll(cx));
        match (&polled, this.finish.take_if(|_| polled.is_ready())) {
            (Poll::Ready(result), Some(finish)) => finish(&mut owner, result),
            (Poll::Ready(_), None) => {}
            (Poll::Pending, _) => *this.owner = Some(owner),
        }
        polled
    }
}

type Ignore<F, O> = fn(&mut O, &<F as Future>::Output);

pin_project! {
    /// See [`FutureExt::in_subsegment`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct InSubsegment<F> where F: Future {
        name: Option<Cow<'static, str>>,
        #[pin]
        inner: Owned<F, Subsegment, Ignore<F, Subsegment>>,
    }
}

impl<F: Future> Future for InSubsegment<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let Some(name) = this.name.take() {
            this.inner.as_mut().set_owner(Subsegment::begin(name));
        }
        this.inner.poll(cx)
    }
}

pin_project! {
    /// See [`FutureExt::in_segment`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct InSegment<F> where F: Future {
        #[pin]
        inner: Owned<F, Segment, Ignore<F, Segment>>,
    }
}

impl<F: Future> Future for InSegment<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<F::Output> {
        self.project().inner.poll(cx)
    }
}
