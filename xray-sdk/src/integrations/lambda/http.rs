//! [`HttpLayer`]: around the handler of a function that answers HTTP.

use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use http::{Request, Response};
use lambda_runtime::{Context as LambdaContext, Service};
use pin_project_lite::pin_project;
use tower_layer::Layer;

use super::handler::finish;
use super::invocation::Invocation;
use crate::api::{Owned, guarded};
use crate::integrations::http_fields::{content_length, describe_server_request};

/// Records invocations by HTTP: for `lambda_http::run(HttpLayer::new().layer(app))`, axum's routers too.
///
/// The subsegment has method, URL without query, user agent, the client's address, status and length. With a
/// [`TraceLayer`](crate::tower::TraceLayer) on the routes of an axum router inside, it has the annotation `http_route` too.
#[derive(Clone, Debug)]
pub struct HttpLayer {
    name: Cow<'static, str>,
}

impl Default for HttpLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpLayer {
    /// A layer.
    #[must_use]
    pub const fn new() -> Self {
        Self { name: Cow::Borrowed("handler") }
    }

    /// Names the subsegment. Default `handler`.
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }
}

impl<S> Layer<S> for HttpLayer {
    type Service = HttpTrace<S>;

    fn layer(&self, inner: S) -> HttpTrace<S> {
        HttpTrace { inner, name: self.name.clone() }
    }
}

/// The service of [`HttpLayer`].
#[derive(Clone, Debug)]
pub struct HttpTrace<S> {
    inner: S,
    name: Cow<'static, str>,
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
    S::Error: fmt::Debug + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = HttpFuture<S::Future, R, S::Error>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    /// `lambda_http` puts the invocation's context into the request.
    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let context = parts.extensions.get::<LambdaContext>().cloned().unwrap_or_default();
        let mut invocation = Invocation::begin(self.name.clone(), &context);
        invocation.subsegment.http(|http| describe_server_request(http, &parts, None));
        let request = Request::from_parts(parts, body);
        let future = guarded(&mut invocation, || self.inner.call(request));
        HttpFuture { inner: Owned::new(invocation, future, answered) }
    }
}

fn answered<R, E: fmt::Debug + 'static>(invocation: &mut Invocation, result: &Result<Response<R>, E>) {
    if let Ok(response) = result {
        let length = content_length(response.headers());
        invocation.subsegment.status(response.status().as_u16()).http(|http| http.response.content_length = length);
    }
    finish(invocation, result);
}
