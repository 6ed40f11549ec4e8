//! [`Trace`]: the service.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use http::{Request, Response};
use smallvec::SmallVec;
use telemetry_wire::SamplingState;
use tower_service::Service;

use super::body::TracedBody;
use super::future::{ResponseFuture, Traced};
use super::settings::Settings;
use crate::clock::monotonic_now;
use crate::integrations::http_fields::{ResponseHeader, describe_server_request, host_of, incoming, is_grpc, matched_route, timeout};
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
    S::Error: fmt::Display + 'static,
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
    S::Error: fmt::Display + 'static,
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
    let has_segment = request.extensions().get::<HasSegment>().is_some();
    if is_in_lambda_invocation() {
        if let Some(route) = matched_route(request.extensions()) {
            crate::annotate("http_route", route);
        }
        return ResponseFuture::new(None, call(request));
    }
    if has_segment || settings.excludes(request.uri().path()) {
        return ResponseFuture::new(None, call(request));
    }
    warn_without_invocation();
    let (mut parts, body) = request.into_parts();
    let header = incoming(&parts.headers);
    let segment = begin(settings, peer, &parts, &header);
    let asked = header.sampling == SamplingState::Requested;
    let answer = if settings.answers { ResponseHeader::new(segment.context(), asked) } else { ResponseHeader::none() };
    let deadline = timeout(&parts.headers).filter(|_| is_grpc(&parts.headers)).and_then(|time| monotonic_now().checked_add(earliest(time)));
    let context = segment.context();
    parts.extensions.insert(HasSegment);
    let request = Request::from_parts(parts, body);
    let future = within(context, || call(request));
    ResponseFuture::new(context.is_present().then_some(Traced { segment, answer, deadline }), future)
}

/// Returns the time after which a client that leaves has met its deadline: its clock started before the request arrived here,
/// so it leaves earlier than the server expects, by a tenth of its timeout or 100 ms at most.
fn earliest(timeout: Duration) -> Duration {
    timeout - (timeout / 10).min(Duration::from_millis(100))
}

/// In the extensions of a request that a layer further out has opened a segment for: one request is one segment.
#[derive(Clone, Copy)]
struct HasSegment;

/// Lambda has made the segment, and the invocation is recorded below it.
fn is_in_lambda_invocation() -> bool {
    Context::current().is_present() && current_recorder().is_some_and(|recorder| recorder.is_lambda)
}

/// Requests that are off the record do not hide the context of a layer further out.
fn within<R>(context: Context, work: impl FnOnce() -> R) -> R {
    if context.is_present() { context.in_scope(work) } else { work() }
}

/// A segment of its own is a second node on the map beside the function's.
fn warn_without_invocation() {
    static WARNED: AtomicBool = AtomicBool::new(false);
    let is_lambda = current_recorder().is_some_and(|recorder| recorder.is_lambda);
    if is_lambda && !WARNED.swap(true, Ordering::Relaxed) {
        log::warn!("X-Ray: TraceLayer records a segment of its own beside the function's; put lambda::HttpLayer around it");
    }
}

fn begin(settings: &Settings, peer: Option<IpAddr>, parts: &http::request::Parts, header: &telemetry_wire::TraceHeader<'_>) -> Segment {
    let host = host_of(&parts.uri, &parts.headers);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_leave_a_tenth_of_its_timeout_early_and_never_more_than_100_ms() {
        assert_eq!(earliest(Duration::from_millis(50)), Duration::from_millis(45));
        assert_eq!(earliest(Duration::from_secs(10)), Duration::from_millis(9_900));
    }
}
