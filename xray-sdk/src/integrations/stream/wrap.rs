//! The two wrappers.

use std::borrow::Cow;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::api::guarded;
use crate::{Context, Subsegment};

/// Adds tracing to every stream.
pub trait StreamExt: Stream + Sized {
    /// Polls the stream in `context`.
    fn in_context(self, context: Context) -> InContext<Self> {
        InContext { context, inner: self }
    }

    /// Polls the stream in a subsegment that begins at its first poll.
    fn in_subsegment(self, name: impl Into<Cow<'static, str>>) -> InSubsegment<Self> {
        InSubsegment { name: Some(name.into()), subsegment: None, items: 0, inner: self }
    }
}

impl<S: Stream> StreamExt for S {}

pin_project! {
    /// See [`StreamExt::in_context`].
    #[must_use = "streams do nothing unless polled"]
    #[derive(Debug)]
    pub struct InContext<S> {
        context: Context,
        #[pin]
        inner: S,
    }
}

impl<S: Stream> Stream for InContext<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        this.context.in_scope(|| this.inner.poll_next(cx))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

pin_project! {
    /// See [`StreamExt::in_subsegment`].
    #[must_use = "streams do nothing unless polled"]
    #[derive(Debug)]
    pub struct InSubsegment<S> {
        name: Option<Cow<'static, str>>,
        subsegment: Option<Subsegment>,
        items: u64,
        #[pin]
        inner: S,
    }

    impl<S> PinnedDrop for InSubsegment<S> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            end(this.subsegment, *this.items);
        }
    }
}

fn end(subsegment: &mut Option<Subsegment>, items: u64) {
    if let Some(mut subsegment) = subsegment.take() {
        subsegment.metadata("items", items);
    }
}

impl<S: Stream> Stream for InSubsegment<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        if let Some(name) = this.name.take() {
            *this.subsegment = Some(Subsegment::begin(name)).filter(Subsegment::is_recording);
        }
        let Some(subsegment) = this.subsegment else { return this.inner.poll_next(cx) };
        let polled = guarded(subsegment, || this.inner.poll_next(cx));
        match &polled {
            Poll::Ready(Some(_)) => *this.items += 1,
            Poll::Ready(None) => end(this.subsegment, *this.items),
            Poll::Pending => {}
        }
        polled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}
