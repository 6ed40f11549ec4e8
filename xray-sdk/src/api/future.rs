//! Futures that carry a context, a subsegment or a segment from poll to poll, on any runtime.

use std::borrow::Cow;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use pin_project_lite::pin_project;

use super::exception::{Classification, panic_exception};
use super::segment::Segment;
use super::subsegment::Subsegment;
use crate::context;
use crate::entity::Context;

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
        InSubsegment { state: Waiting::Name(name.into()), inner: self }
    }

    /// Runs the future in `segment`, which ends with it.
    fn in_segment(self, segment: Segment) -> InSegment<Self> {
        InSegment { segment: Some(segment), inner: self }
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

#[derive(Debug)]
enum Waiting {
    /// Not polled yet.
    Name(Cow<'static, str>),
    Open(Subsegment),
    Done,
}

pin_project! {
    /// See [`FutureExt::in_subsegment`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct InSubsegment<F> {
        state: Waiting,
        #[pin]
        inner: F,
    }

    impl<F> PinnedDrop for InSubsegment<F> {
        fn drop(this: Pin<&mut Self>) {
            if let Waiting::Open(subsegment) = this.project().state {
                subsegment.cancelled();
            }
        }
    }
}

impl<F: Future> Future for InSubsegment<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let Waiting::Name(name) = this.state {
            *this.state = Waiting::Open(Subsegment::begin(std::mem::take(name)));
        }
        let Waiting::Open(subsegment) = this.state else { return this.inner.poll(cx) };
        if !subsegment.is_recording() {
            return this.inner.poll(cx);
        }
        let previous = context::replace(subsegment.context());
        let polled = catch_unwind(AssertUnwindSafe(|| this.inner.as_mut().poll(cx)));
        context::replace(previous);
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(ready) => {
                *this.state = Waiting::Done;
                ready
            }
            Err(payload) => {
                subsegment.failure(Classification::Fault, || panic_exception(&*payload));
                *this.state = Waiting::Done;
                resume_unwind(payload)
            }
        }
    }
}

pin_project! {
    /// See [`FutureExt::in_segment`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct InSegment<F> {
        segment: Option<Segment>,
        #[pin]
        inner: F,
    }

    impl<F> PinnedDrop for InSegment<F> {
        fn drop(this: Pin<&mut Self>) {
            if let Some(segment) = this.project().segment {
                segment.cancelled();
            }
        }
    }
}

impl<F: Future> Future for InSegment<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let Some(segment) = this.segment else { return this.inner.poll(cx) };
        let previous = context::replace(segment.context());
        let polled = catch_unwind(AssertUnwindSafe(|| this.inner.as_mut().poll(cx)));
        context::replace(previous);
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(ready) => {
                *this.segment = None;
                ready
            }
            Err(payload) => {
                segment.failure(Classification::Fault, || panic_exception(&*payload));
                *this.segment = None;
                resume_unwind(payload)
            }
        }
    }
}
