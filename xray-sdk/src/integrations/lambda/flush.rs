//! [`FlushLayer`]: after the response, before the sandbox may freeze.

use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use lambda_runtime::{LambdaInvocation, Service};
use pin_project_lite::pin_project;
use tower_layer::Layer;

use crate::recorder::current_recorder;

/// A layer for [`lambda_runtime::Runtime::layer`].
#[derive(Clone, Copy, Debug, Default)]
pub struct FlushLayer {}

impl FlushLayer {
    /// A layer.
    #[must_use]
    pub const fn new() -> Self {
        Self {}
    }
}

impl<S> Layer<S> for FlushLayer {
    type Service = Flush<S>;

    fn layer(&self, inner: S) -> Flush<S> {
        Flush { inner }
    }
}

/// The service of [`FlushLayer`].
#[derive(Clone, Copy, Debug)]
pub struct Flush<S> {
    inner: S,
}

pin_project! {
    /// The future of [`Flush`].
    #[derive(Debug)]
    pub struct FlushFuture<F> {
        #[pin]
        inner: F,
    }
}

impl<F: Future> Future for FlushFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<F::Output> {
        let output = ready!(self.project().inner.poll(cx));
        if let Some(recorder) = current_recorder() {
            recorder.drain();
        }
        Poll::Ready(output)
    }
}

impl<S: Service<LambdaInvocation>> Service<LambdaInvocation> for Flush<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = FlushFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        FlushFuture { inner: self.inner.call(invocation) }
    }
}
