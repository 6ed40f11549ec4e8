//! Calls of a channel.

use std::borrow::Cow;
use std::error::Error;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::body::{TracedBody, note};
use crate::api::guarded;
use crate::integrations::http_fields::{GrpcStatus, begin_call, describe_call_error};
use crate::{Classification, Subsegment};

/// Traces the calls of a channel.
#[derive(Clone, Debug)]
pub struct ClientLayer {
    name: Cow<'static, str>,
}

impl ClientLayer {
    /// A layer for a channel to the service of this name.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into() }
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = Client<S>;

    fn layer(&self, inner: S) -> Client<S> {
        Client { inner, name: self.name.clone() }
    }
}

/// The service of [`ClientLayer`].
#[derive(Clone, Debug)]
pub struct Client<S> {
    inner: S,
    name: Cow<'static, str>,
}

pin_project! {
    /// The answer of a [`Client`], up to its head.
    #[derive(Debug)]
    pub struct Call<F> {
        call: Option<Subsegment>,
        #[pin]
        inner: F,
    }

    impl<F> PinnedDrop for Call<F> {
        fn drop(this: Pin<&mut Self>) {
            if let Some(mut call) = this.project().call.take() {
                call.cancelled();
            }
        }
    }
}

impl<F, B, E> Future for Call<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    E: Error + 'static,
{
    type Output = Result<Response<TracedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(mut call) = this.call.take() else {
            return this.inner.poll(cx).map_ok(|response| response.map(|body| TracedBody::new(None, body)));
        };
        match guarded(&mut call, || this.inner.poll(cx)) {
            Poll::Pending => {
                *this.call = Some(call);
                Poll::Pending
            }
            Poll::Ready(Ok(response)) => Poll::Ready(Ok(answered(call, response))),
            Poll::Ready(Err(error)) => {
                if let Some(status) = GrpcStatus::of_failure(&error) {
                    call.annotate("grpc_status", i64::from(status.code));
                }
                call.failure(Classification::Fault, || describe_call_error(&error));
                Poll::Ready(Err(error))
            }
        }
    }
}

/// An answer without messages has its status in the head, and its body is never polled.
fn answered<B: Body>(mut call: Subsegment, response: Response<B>) -> Response<TracedBody<B>> {
    call.status(response.status().as_u16());
    let is_over = note(&mut call, response.headers()) || response.body().is_end_stream();
    let call = Some(call).filter(|_| !is_over);
    response.map(|body| TracedBody::new(call, body))
}

impl<S, B, R> Service<Request<B>> for Client<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Error + 'static,
    R: Body,
{
    type Response = Response<TracedBody<R>>;
    type Error = S::Error;
    type Future = Call<S::Future>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let mut call = begin_call(&mut request, Some(&self.name));
        let url = format!("grpc://{}{}", self.name, request.uri().path());
        call.http(|http| http.request.url = Some(url));
        let is_recording = call.is_recording();
        let future = call.context().in_scope(|| self.inner.call(request));
        Call { call: Some(call).filter(|_| is_recording), inner: future }
    }
}
