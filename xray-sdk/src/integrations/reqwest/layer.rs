//! The tower shape.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use reqwest::{Error, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::call::{Settings, begin, drive};

/// Traces the calls of any service of `reqwest::Request`, such as `reqwest::Client`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceLayer {
    settings: Settings,
}

impl TraceLayer {
    /// A layer with these settings; [`Default`] has the default ones.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

impl<S> Layer<S> for TraceLayer {
    type Service = Trace<S>;

    fn layer(&self, inner: S) -> Trace<S> {
        Trace { inner, settings: self.settings }
    }
}

/// The service of [`TraceLayer`].
#[derive(Clone, Copy, Debug)]
pub struct Trace<S> {
    inner: S,
    settings: Settings,
}

impl<S> Service<Request> for Trace<S>
where
    S: Service<Request, Response = Response, Error = Error>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let subsegment = begin(&mut request, self.settings);
        Box::pin(drive(subsegment, self.inner.call(request)))
    }
}
