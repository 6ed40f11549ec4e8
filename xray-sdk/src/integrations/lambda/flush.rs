//! [`FlushLayer`]: after the response, before the sandbox may freeze.

use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Duration;

use lambda_runtime::{LambdaInvocation, Service};
use pin_project_lite::pin_project;
use telemetry_wire::Timestamp;
use tower_layer::Layer;

use crate::clock::wall_now;
use crate::recorder::current_recorder;

/// Left of the invocation's time when waiting for an emitter ends.
const MARGIN: Duration = Duration::from_millis(100);

/// A layer for [`lambda_runtime::Runtime::layer`]. Waits for the emitter within the invocation's deadline.
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
        deadline: Timestamp,
        #[pin]
        inner: F,
    }
}

impl<F: Future> Future for FlushFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<F::Output> {
        let this = self.project();
        let output = ready!(this.inner.poll(cx));
        if let Some(recorder) = current_recorder() {
            recorder.drain();
            let left = Duration::from_micros(this.deadline.as_micros().saturating_sub(wall_now().as_micros()));
            recorder.flush_emitter(left.saturating_sub(MARGIN));
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
        let deadline = Timestamp::from_system_time(invocation.context.deadline());
        FlushFuture { deadline, inner: self.inner.call(invocation) }
    }
}
