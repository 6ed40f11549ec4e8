//! A call by any client of `http::Request`.

use std::error::Error;

use http::Request;

use super::header::inject;
use super::host::{host_of, url_of, without_port};
use crate::{Context, Exceptions, Subsegment};

/// Opens the subsegment of a call, named after the host unless `name` says otherwise, and writes the headers.
pub(crate) fn begin_call<B>(request: &mut Request<B>, name: Option<&str>) -> Subsegment {
    let parent = Context::current();
    if !parent.is_recording() {
        let subsegment = Subsegment::begin_in(parent, "");
        inject(request.headers_mut(), subsegment.context());
        return subsegment;
    }
    let name = name.or_else(|| host_of(request.uri(), request.headers()).map(without_port)).filter(|name| !name.is_empty());
    let mut subsegment = Subsegment::begin_in(parent, name.unwrap_or("unknown host").to_owned());
    let url = url_of(request.uri(), request.headers());
    inject(request.headers_mut(), subsegment.context());
    let method = request.method().to_string();
    subsegment.namespace("remote").http(|http| {
        http.request.method = Some(method);
        http.request.url = Some(url);
    });
    subsegment
}

/// An error of a client, whose own text may hold a URL: by its type, then its sources.
pub(crate) fn describe_call_error<E: Error + 'static>(error: &E) -> Exceptions {
    let mut exceptions = Exceptions::new(std::any::type_name::<E>().rsplit("::").next().unwrap_or("Error"), "the call failed");
    if let Some(source) = error.source() {
        exceptions.because(Exceptions::of_source(source));
    }
    exceptions
}
