//! Calls.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use http::{Request, Response, header};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::api::Owned;
#[cfg(feature = "connection")]
use crate::integrations::connection::InCall;
use crate::integrations::http_fields::{begin_call, describe_call_error};
use crate::{Classification, Subsegment};

/// Traces the calls of a client.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClientLayer {}

impl ClientLayer {
    /// A layer.
    #[must_use]
    pub const fn new() -> Self {
        Self {}
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = Client<S>;

    fn layer(&self, inner: S) -> Client<S> {
        Client { inner }
    }
}

/// The client of [`ClientLayer`].
#[derive(Clone, Copy, Debug)]
pub struct Client<S> {
    inner: S,
}

type Finish<R, E> = fn(&mut Subsegment, &Result<Response<R>, E>);
#[cfg(feature = "connection")]
type Inner<F> = InCall<F>;
#[cfg(not(feature = "connection"))]
type Inner<F> = F;

pin_project! {
    /// The answer of a [`Client`].
    #[derive(Debug)]
    pub struct Call<F, R, E> {
        #[pin]
        inner: Owned<Inner<F>, Subsegment, Finish<R, E>>,
    }
}

impl<F, R, E: Error + 'static> Call<F, R, E> {
    fn new(subsegment: Subsegment, future: F) -> Self {
        #[cfg(feature = "connection")]
        let future = InCall::new(future);
        Self { inner: Owned::new(subsegment, future, finish) }
    }
}

impl<F: Future<Output = Result<Response<R>, E>>, R, E> Future for Call<F, R, E> {
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        self.project().inner.poll(cx)
    }
}

impl<S, B, R> Service<Request<B>> for Client<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Error + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Call<S::Future, R, S::Error>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let subsegment = begin_call(&mut request, None);
        Call::new(subsegment, self.inner.call(request))
    }
}

/// Sends a request with `send` in a subsegment.
///
/// # Errors
/// Those of `send`.
pub async fn send<B, R, E, F>(mut request: Request<B>, send: impl FnOnce(Request<B>) -> F) -> Result<Response<R>, E>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Error + 'static,
{
    let subsegment = begin_call(&mut request, None);
    let future = send(request);
    Call::new(subsegment, future).await
}

fn finish<R, E: Error + 'static>(subsegment: &mut Subsegment, result: &Result<Response<R>, E>) {
    match result {
        Ok(response) => {
            subsegment.status(response.status().as_u16());
            let length = response.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
            subsegment.http(|http| http.response.content_length = length);
        }
        Err(error) => {
            subsegment.failure(Classification::Fault, || describe_call_error(error));
        }
    }
}
