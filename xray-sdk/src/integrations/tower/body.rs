//! [`TracedBody`]: keeps the segment open until the last byte.

use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::api::guarded;
use crate::integrations::http_fields::GrpcStatus;
use crate::{Classification, Exceptions, Segment};

pin_project! {
    /// The body of a traced response. The segment ends with it; dropped before its end, it is recorded as aborted.
    #[derive(Debug)]
    pub struct TracedBody<B> {
        segment: Option<Segment>,
        bytes: u64,
        expected: Option<u64>,
        was_polled: bool,
        #[pin]
        inner: B,
    }

    impl<B> PinnedDrop for TracedBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let is_short = *this.was_polled && this.expected.is_none_or(|expected| *this.bytes < expected);
            if let Some(mut segment) = this.segment.take() && is_short {
                segment.failure(Classification::Error, || Exceptions::new("aborted", "the response was dropped before its end"));
            }
        }
    }
}

impl<B> TracedBody<B> {
    /// `expected` is the announced length: servers stop polling there, although the body may not know that it is at its end.
    pub(super) const fn new(segment: Option<Segment>, expected: Option<u64>, inner: B) -> Self {
        Self { segment, bytes: 0, expected, was_polled: false, inner }
    }
}

impl<B: Body> Body for TracedBody<B>
where
    B::Error: std::fmt::Display,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let Some(mut segment) = this.segment.take() else { return this.inner.poll_frame(cx) };
        *this.was_polled = true;
        let mut inner = this.inner;
        let polled = guarded(&mut segment, || inner.as_mut().poll_frame(cx));
        match &polled {
            Poll::Ready(Some(Err(error))) => {
                segment.failure(Classification::Fault, || Exceptions::new("broken body", &error.to_string()));
            }
            Poll::Ready(Some(Ok(frame))) => {
                *this.bytes += frame.data_ref().map_or(0, bytes_of);
                frame.trailers_ref().into_iter().for_each(|trailers| note_grpc(&mut segment, trailers));
                if inner.is_end_stream() || frame.is_trailers() {
                    finish(segment, *this.bytes);
                } else {
                    *this.segment = Some(segment);
                }
            }
            Poll::Ready(None) => finish(segment, *this.bytes),
            Poll::Pending => *this.segment = Some(segment),
        }
        polled
    }

    /// A server that learns here that nothing follows does not poll again.
    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Records gRPC's status, if it is here.
pub(super) fn note_grpc(segment: &mut Segment, headers: &HeaderMap) {
    if let Some(status) = GrpcStatus::read(headers) {
        note_grpc_status(segment, &status);
    }
}

pub(super) fn note_grpc_status(segment: &mut Segment, status: &GrpcStatus) {
    segment.annotate("grpc_status", i64::from(status.code)).failure(status.classification(), || status.exceptions());
}

fn bytes_of(data: &impl bytes::Buf) -> u64 {
    data.remaining() as u64
}

/// Fills in the length of streams, which have no header for it.
fn finish(mut segment: Segment, bytes: u64) {
    segment.http(|http| {
        http.response.content_length.get_or_insert(bytes);
    });
}
