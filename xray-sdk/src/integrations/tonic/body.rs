//! [`TracedBody`]: keeps the subsegment open until the trailers.

use std::fmt::Display;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::integrations::http_fields::GrpcStatus;
use crate::{Classification, Exceptions, Subsegment};

/// Records the status, if it is here.
pub(super) fn note(call: &mut Subsegment, headers: &HeaderMap) -> bool {
    let Some(status) = GrpcStatus::read(headers) else { return false };
    call.annotate("grpc_status", i64::from(status.code)).failure(status.classification(), || status.exceptions());
    true
}

pin_project! {
    /// The body of a traced answer.
    #[derive(Debug)]
    pub struct TracedBody<B> {
        call: Option<Subsegment>,
        #[pin]
        inner: B,
    }

    impl<B> PinnedDrop for TracedBody<B> {
        fn drop(this: Pin<&mut Self>) {
            if let Some(mut call) = this.project().call.take() {
                call.cancelled();
            }
        }
    }
}

impl<B> TracedBody<B> {
    pub(super) const fn new(call: Option<Subsegment>, inner: B) -> Self {
        Self { call, inner }
    }
}

impl<B: Body> Body for TracedBody<B>
where
    B::Error: Display,
{
    type Data = B::Data;
    type Error = B::Error;

    /// Nobody polls on after the trailers.
    fn poll_frame(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let polled = this.inner.poll_frame(cx);
        let Some(mut call) = this.call.take() else { return polled };
        match &polled {
            Poll::Ready(Some(Ok(frame))) => match frame.trailers_ref() {
                Some(trailers) => drop(note(&mut call, trailers)),
                None => *this.call = Some(call),
            },
            Poll::Ready(Some(Err(error))) => {
                call.failure(Classification::Fault, || Exceptions::new("broken body", &error.to_string()));
            }
            Poll::Ready(None) => {
                call.failure(Classification::Fault, || Exceptions::new("UNKNOWN", "the answer ended without a grpc-status"));
            }
            Poll::Pending => *this.call = Some(call),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
