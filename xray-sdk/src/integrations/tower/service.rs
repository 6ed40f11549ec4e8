//! [`Trace`]: the service.

use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use http::{Request, Response};
use telemetry_wire::SamplingState;
use tower_service::Service;

use super::body::TracedBody;
use super::future::{ResponseFuture, Traced};
use super::settings::Settings;
use crate::integrations::http_fields::{ResponseHeader, describe_server_request, host_of, incoming, matched_route};
use crate::recorder::{SegmentRequest, current_recorder};
use crate::{Context, Segment};

/// A service whose requests are segments. Made by [`super::TraceLayer`].
#[derive(Clone, Debug)]
pub struct Trace<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S> Trace<S> {
    pub(super) const fn new(inner: S, settings: Arc<Settings>) -> Self {
        Self { inner, settings }
    }
}

impl<S, B, R> Service<Request<B>> for Trace<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<TracedBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    /// The segment is current while the inner service makes its future, and during each poll of it.
    fn call(&mut self, request: Request<B>) -> Self::Future {
        if self.settings.excludes(request.uri().path()) || is_in_lambda_invocation() {
            return ResponseFuture::new(None, self.inner.call(request));
        }
        let (parts, body) = request.into_parts();
        let header = incoming(&parts.headers);
        let segment = self.begin(&parts, &header);
        let asked = header.sampling == SamplingState::Requested;
        let answer = if self.settings.answers { ResponseHeader::new(segment.context(), asked) } else { ResponseHeader::none() };
        let context = segment.context();
        let request = Request::from_parts(parts, body);
        let future = within(context, || self.inner.call(request));
        ResponseFuture::new(context.is_present().then_some(Traced { segment, answer }), future)
    }
}

/// Lambda has made the segment, and the invocation is recorded below it.
fn is_in_lambda_invocation() -> bool {
    Context::current().is_present() && current_recorder().is_some_and(|recorder| recorder.is_lambda)
}

/// Requests that are off the record do not hide the context of a layer further out.
fn within<R>(context: Context, work: impl FnOnce() -> R) -> R {
    if context.is_present() { context.in_scope(work) } else { work() }
}

impl<S> Trace<S> {
    fn begin(&self, parts: &http::request::Parts, header: &telemetry_wire::TraceHeader<'_>) -> Segment {
        let host = host_of(parts);
        let mut segment = Segment::begin_with(SegmentRequest {
            name: self.settings.naming.name(host),
            header: *header,
            host,
            method: Some(parts.method.as_str()),
            path: Some(parts.uri.path()),
        });
        if segment.is_recording() {
            segment.http(|http| describe_server_request(http, parts, peer_of(parts)));
            if let Some(route) = matched_route(&parts.extensions) {
                segment.annotate("http_route", route);
            }
        }
        segment
    }
}

/// The address of the peer, where the server put it into the request.
fn peer_of(parts: &http::request::Parts) -> Option<std::net::IpAddr> {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::ConnectInfo(peer)) = parts.extensions.get::<axum::extract::ConnectInfo<std::net::SocketAddr>>() {
        return Some(peer.ip());
    }
    parts.extensions.get::<std::net::SocketAddr>().map(std::net::SocketAddr::ip)
}
