//! [`ResponseFuture`]: from the request to the head of the response.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Instant;

use http::Response;
use pin_project_lite::pin_project;

use super::body::{TracedBody, note_grpc, note_grpc_status};
use crate::api::guarded;
use crate::clock::monotonic_now;
use crate::integrations::http_fields::{GrpcStatus, ResponseHeader, content_length};
use crate::{Classification, Exceptions, Segment};

/// What is known of a request that is recorded, or at least passed on.
#[derive(Debug)]
pub(super) struct Traced {
    pub(super) segment: Segment,
    pub(super) answer: ResponseHeader,
    /// From when on a gRPC request that is dropped has met its client's deadline.
    pub(super) deadline: Option<Instant>,
}

impl Traced {
    /// Ends a request that is dropped: the server drops one whose deadline has passed, and one whose client has left.
    fn dropped(&mut self) {
        if self.deadline.is_some_and(|deadline| deadline <= monotonic_now()) {
            note_grpc_status(&mut self.segment, &GrpcStatus::deadline_exceeded());
        } else {
            self.segment.cancelled();
        }
    }
}

pin_project! {
    /// The response of [`super::Trace`]. Dropped before it is ready, its segment is cancelled.
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        traced: Option<Traced>,
        #[pin]
        inner: F,
    }

    impl<F> PinnedDrop for ResponseFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            if let Some(traced) = this.project().traced {
                traced.dropped();
            }
        }
    }
}

impl<F> ResponseFuture<F> {
    pub(super) const fn new(traced: Option<Traced>, inner: F) -> Self {
        Self { traced, inner }
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: fmt::Display + 'static,
{
    type Output = Result<Response<TracedBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(mut traced) = this.traced.take() else {
            return this.inner.poll(cx).map_ok(|response| response.map(|body| TracedBody::new(None, None, body)));
        };
        match guarded(&mut traced.segment, || this.inner.poll(cx)) {
            Poll::Pending => {
                *this.traced = Some(traced);
                Poll::Pending
            }
            Poll::Ready(Ok(response)) => Poll::Ready(Ok(answered(traced, response))),
            Poll::Ready(Err(error)) => {
                traced.segment.failure(Classification::Fault, || describe(&error));
                Poll::Ready(Err(error))
            }
        }
    }
}

/// Describes an error of the service: middleware of tower boxes them, and then the sources are known.
fn describe<E: fmt::Display + 'static>(error: &E) -> Exceptions {
    let boxed = (error as &dyn Any).downcast_ref::<Box<dyn Error + Send + Sync>>();
    boxed.map_or_else(|| Exceptions::of_display(error), |error| Exceptions::of_source(&**error))
}

/// Notes the head of the response and leaves the segment to the body.
fn answered<R>(traced: Traced, mut response: Response<R>) -> Response<TracedBody<R>> {
    let Traced { mut segment, mut answer, .. } = traced;
    answer.write(response.headers_mut());
    segment.status(response.status().as_u16());
    note_grpc(&mut segment, response.headers());
    let length = content_length(response.headers());
    segment.http(|http| http.response.content_length = length);
    response.map(|body| TracedBody::new(Some(segment), length, body))
}
