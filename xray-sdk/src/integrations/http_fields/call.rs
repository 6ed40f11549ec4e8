//! A call by any client of `http::Request`.

use std::error::Error;

use http::{Request, header};

use super::header::inject;
use crate::{Context, Exceptions, Subsegment};

/// Opens the subsegment of a call, named after the host unless `name` says otherwise, and writes the headers.
pub(crate) fn begin_call<B>(request: &mut Request<B>, name: Option<&str>) -> Subsegment {
    let parent = Context::current();
    if !parent.is_recording() {
        let subsegment = Subsegment::begin_in(parent, "");
        inject(request.headers_mut(), subsegment.context());
        return subsegment;
    }
    let host = host_of(request).to_owned();
    let name = name.map_or_else(|| without_port(&host).to_owned(), str::to_owned);
    let mut subsegment = Subsegment::begin_in(parent, if name.is_empty() { "unknown host".to_owned() } else { name });
    inject(request.headers_mut(), subsegment.context());
    let (scheme, path) = (request.uri().scheme_str().unwrap_or("http"), request.uri().path());
    let url = if host.is_empty() { path.to_owned() } else { format!("{scheme}://{host}{path}") };
    let method = request.method().to_string();
    subsegment.namespace("remote").http(|http| {
        http.request.method = Some(method);
        http.request.url = Some(url);
    });
    subsegment
}

/// The authority without credentials, or the `Host` header of requests that name only a path.
fn host_of<B>(request: &Request<B>) -> &str {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let host = || request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = authority.or_else(host).unwrap_or_default();
    host.rsplit_once('@').map_or(host, |(_, host)| host)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// An error of a client, whose own text may hold a URL: by its type, then its sources.
pub(crate) fn describe_call_error<E: Error + 'static>(error: &E) -> Exceptions {
    let mut exceptions = Exceptions::new(std::any::type_name::<E>().rsplit("::").next().unwrap_or("Error"), "the call failed");
    if let Some(source) = error.source() {
        exceptions.because(Exceptions::of_source(source));
    }
    exceptions
}
