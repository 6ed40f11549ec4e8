//! [`Trace`]: the service.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use http::{Request, Response};
use smallvec::SmallVec;
use telemetry_wire::SamplingState;
use tower_service::Service;

use super::body::TracedBody;
use super::future::{ResponseFuture, Traced};
use super::settings::Settings;
use crate::integrations::http_fields::{ResponseHeader, describe_server_request, host_of, incoming, is_grpc, matched_route};
use crate::recorder::{SegmentRequest, current_recorder};
use crate::{Context, Segment};

/// A service whose requests are segments. Made by [`super::TraceLayer`].
#[derive(Clone, Debug)]
pub struct Trace<S> {
    inner: S,
    settings: Arc<Settings>,
    peer: Option<IpAddr>,
}

impl<S> Trace<S> {
    pub(super) const fn new(inner: S, settings: Arc<Settings>) -> Self {
        Self { inner, settings, peer: None }
    }

    /// Tells the client's address, for servers that do not put it into requests: hyper's, once per connection. Default: what axum's
    /// `ConnectInfo` or a `SocketAddr` in the request's extensions says.
    #[must_use]
    pub const fn peer(mut self, peer: SocketAddr) -> Self {
        self.peer = Some(peer.ip());
        self
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

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (settings, peer) = (&self.settings, self.peer);
        traced(settings, peer, request, |request| self.inner.call(request))
    }
}

/// hyper's services, which differ from tower's in that they are always ready and shared.
#[cfg(feature = "hyper")]
impl<S, B, R> hyper::service::Service<Request<B>> for Trace<S>
where
    S: hyper::service::Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<TracedBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn call(&self, request: Request<B>) -> Self::Future {
        traced(&self.settings, self.peer, request, |request| self.inner.call(request))
    }
}

/// The segment is current while the inner service makes its future, and during each poll of it.
fn traced<B, F>(settings: &Settings, peer: Option<IpAddr>, request: Request<B>, call: impl FnOnce(Request<B>) -> F) -> ResponseFuture<F> {
    if settings.excludes(request.uri().path()) || is_in_lambda_invocation() {
        return ResponseFuture::new(None, call(request));
    }
    let (parts, body) = request.into_parts();
    let header = incoming(&parts.headers);
    let segment = begin(settings, peer, &parts, &header);
    let asked = header.sampling == SamplingState::Requested;
    let answer = if settings.answers { ResponseHeader::new(segment.context(), asked) } else { ResponseHeader::none() };
    let context = segment.context();
    let request = Request::from_parts(parts, body);
    let future = within(context, || call(request));
    ResponseFuture::new(context.is_present().then_some(Traced { segment, answer }), future)
}

/// Lambda has made the segment, and the invocation is recorded below it.
fn is_in_lambda_invocation() -> bool {
    Context::current().is_present() && current_recorder().is_some_and(|recorder| recorder.is_lambda)
}

/// Requests that are off the record do not hide the context of a layer further out.
fn within<R>(context: Context, work: impl FnOnce() -> R) -> R {
    if context.is_present() { context.in_scope(work) } else { work() }
}

fn begin(settings: &Settings, peer: Option<IpAddr>, parts: &http::request::Parts, header: &telemetry_wire::TraceHeader<'_>) -> Segment {
    let host = host_of(parts);
    let attributes = settings.sampling_attributes(parts);
    let attributes: SmallVec<[(&str, &str); 4]> = attributes.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let mut segment = Segment::begin_with(SegmentRequest {
        name: settings.naming.name(parts),
        header: *header,
        host,
        method: Some(parts.method.as_str()),
        path: Some(parts.uri.path()),
        attributes: &attributes,
    });
    if segment.is_recording() {
        segment.http(|http| describe_server_request(http, parts, peer_of(parts).or(peer)));
        if let Some(route) = matched_route(&parts.extensions) {
            segment.annotate("http_route", route);
        } else if is_grpc(&parts.headers) {
            segment.annotate("grpc_method", parts.uri.path());
        }
    }
    segment
}

/// The address of the peer, where the server put it into the request.
fn peer_of(parts: &http::request::Parts) -> Option<IpAddr> {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::ConnectInfo(peer)) = parts.extensions.get::<axum::extract::ConnectInfo<SocketAddr>>() {
        return Some(peer.ip());
    }
    parts.extensions.get::<SocketAddr>().map(SocketAddr::ip)
}
