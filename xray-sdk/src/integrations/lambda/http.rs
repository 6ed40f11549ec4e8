//! [`HttpLayer`]: around the handler of a function that answers HTTP.

use std::fmt;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use http::{Request, Response};
use lambda_runtime::{Context as LambdaContext, Service};
use pin_project_lite::pin_project;
use tower_layer::Layer;

use super::handler::finish;
use super::invocation::Invocation;
use crate::Subsegment;
use crate::api::{Owned, guarded};

/// Records invocations by HTTP: for `lambda_http::run(HttpLayer::new().layer(app))`, axum's routers too.
#[derive(Clone, Copy, Debug, Default)]
pub struct HttpLayer {}

impl HttpLayer {
    /// A layer.
    #[must_use]
    pub const fn new() -> Self {
        Self {}
    }
}

impl<S> Layer<S> for HttpLayer {
    type Service = HttpTrace<S>;

    fn layer(&self, inner: S) -> HttpTrace<S> {
        HttpTrace { inner }
    }
}

/// The service of [`HttpLayer`].
#[derive(Clone, Copy, Debug)]
pub struct HttpTrace<S> {
    inner: S,
}

type Finish<R, E> = fn(&mut Invocation, &Result<Response<R>, E>);

pin_project! {
    /// The answer of a [`HttpTrace`].
    #[derive(Debug)]
    pub struct HttpFuture<F, R, E> {
        #[pin]
        inner: Owned<F, Invocation, Finish<R, E>>,
    }
}

impl<F: Future<Output = Result<Response<R>, E>>, R, E> Future for HttpFuture<F, R, E> {
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        self.project().inner.poll(cx)
    }
}

impl<S, B, R> Service<Request<B>> for HttpTrace<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: fmt::Debug,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = HttpFuture<S::Future, R, S::Error>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    /// `lambda_http` puts the invocation's context into the request.
    fn call(&mut self, request: Request<B>) -> Self::Future {
        let context = request.extensions().get::<LambdaContext>().cloned().unwrap_or_default();
        let mut invocation = Invocation::begin("handler".into(), &context);
        if invocation.subsegment.is_recording() {
            describe(&mut invocation.subsegment, &request);
        }
        let future = guarded(&mut invocation, || self.inner.call(request));
        HttpFuture { inner: Owned::new(invocation, future, answered) }
    }
}

fn describe<B>(subsegment: &mut Subsegment, request: &Request<B>) {
    let uri = request.uri();
    let url = match (uri.scheme_str(), uri.host()) {
        (Some(scheme), Some(host)) => format!("{scheme}://{host}{}", uri.path()),
        _ => uri.path().to_owned(),
    };
    subsegment.http(|http| {
        http.request.method = Some(request.method().to_string());
        http.request.url = Some(url);
    });
}

fn answered<R, E: fmt::Debug>(invocation: &mut Invocation, result: &Result<Response<R>, E>) {
    if let Ok(response) = result {
        invocation.subsegment.status(response.status().as_u16());
    }
    finish(invocation, result);
}
