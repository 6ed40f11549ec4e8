//! [`TraceHandler`]: around the handler of a function.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use lambda_runtime::{LambdaEvent, Service};
use pin_project_lite::pin_project;

use super::invocation::Invocation;
use crate::api::{Owned, guarded};
use crate::{Classification, Exceptions};

/// A handler whose invocations are subsegments. Clones are workers of one sandbox.
#[derive(Clone, Debug)]
pub struct TraceHandler<S> {
    inner: S,
    name: Cow<'static, str>,
}

impl<S> TraceHandler<S> {
    /// Wraps a handler, such as `service_fn(..)` or `lambda_http::Adapter`.
    pub const fn new(inner: S) -> Self {
        Self { inner, name: Cow::Borrowed("handler") }
    }

    /// Names the subsegment. Default `handler`.
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }
}

type Finish<T, E> = fn(&mut Invocation, &Result<T, E>);

pin_project! {
    /// The answer of a [`TraceHandler`].
    #[derive(Debug)]
    pub struct HandlerFuture<F, T, E> {
        #[pin]
        inner: Owned<F, Invocation, Finish<T, E>>,
    }
}

impl<F: Future<Output = Result<T, E>>, T, E> Future for HandlerFuture<F, T, E> {
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        self.project().inner.poll(cx)
    }
}

impl<S, T> Service<LambdaEvent<T>> for TraceHandler<S>
where
    S: Service<LambdaEvent<T>>,
    S::Error: fmt::Debug + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = HandlerFuture<S::Future, S::Response, S::Error>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, event: LambdaEvent<T>) -> Self::Future {
        let mut invocation = Invocation::begin(self.name.clone(), &event.context);
        let future = guarded(&mut invocation, || self.inner.call(event));
        HandlerFuture { inner: Owned::new(invocation, future, finish) }
    }
}

pub(super) fn finish<T, E: fmt::Debug + 'static>(invocation: &mut Invocation, result: &Result<T, E>) {
    if let Err(error) = result {
        invocation.subsegment.failure(Classification::Fault, || describe(error));
    }
}

/// Describes the usual error of a handler, which is a box, by what is in it: type, text and sources, as Lambda's own answer has them.
fn describe<E: fmt::Debug + 'static>(error: &E) -> Exceptions {
    match (error as &dyn Any).downcast_ref::<lambda_runtime::Error>() {
        Some(error) => Exceptions::of_source(&**error),
        None => Exceptions::of_debug(error),
    }
}
