//! One call, whatever the shape it came in.

use std::error::Error;
use std::future::Future;

use reqwest::{Request, Response};

use crate::api::Owned;
use crate::integrations::http_fields::{inject, remote_url};
use crate::{Classification, Context, Exceptions, Subsegment};

/// What is recorded of a call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// Whether URLs keep their query strings, which may hold secrets. Default: no.
    pub query: bool,
    /// Whether the called services report to X-Ray too, so that none is inferred. Default: no; X-Ray finds out by itself when
    /// their segments arrive.
    pub traced: bool,
}

/// Opens the subsegment and writes the headers.
pub(super) fn begin(request: &mut Request, settings: Settings) -> Subsegment {
    let parent = Context::current();
    let name = if parent.is_recording() { request.url().host_str().unwrap_or("unknown host").to_owned() } else { String::new() };
    let mut subsegment = Subsegment::begin_in(parent, name);
    inject(request.headers_mut(), subsegment.context());
    if subsegment.is_recording() {
        let url = request.url();
        let query = url.query().filter(|_| settings.query).map(|query| format!("?{query}")).unwrap_or_default();
        let url = remote_url(url) + &query;
        subsegment.namespace("remote").traced(settings.traced).http(|http| {
            http.request.method = Some(request.method().to_string());
            http.request.url = Some(url);
        });
    }
    subsegment
}

/// Opens the subsegment of a call whose request could not be built, such as one with an invalid URL: the host is not known.
pub(super) fn begin_invalid() -> Subsegment {
    let mut subsegment = Subsegment::begin("unknown host");
    subsegment.namespace("remote");
    subsegment
}

/// Polls the call in its subsegment and notes how it ended.
pub(super) fn drive<F, E>(subsegment: Subsegment, call: F) -> impl Future<Output = Result<Response, E>>
where
    F: Future<Output = Result<Response, E>>,
    E: DescribeCall,
{
    #[cfg(feature = "connection")]
    let call = crate::integrations::connection::InCall::new(call);
    Owned::new(subsegment, call, |subsegment: &mut Subsegment, result: &Result<Response, E>| match result {
        Ok(response) => {
            subsegment.status(response.status().as_u16());
            let length = response.content_length();
            subsegment.http(|http| http.response.content_length = length);
        }
        Err(error) => {
            subsegment.failure(Classification::Fault, || error.describe());
        }
    })
}

/// Errors of the three shapes.
pub(super) trait DescribeCall {
    fn describe(&self) -> Exceptions;
}

impl DescribeCall for reqwest::Error {
    /// Its own text contains the URL with its query, so the kind is told in our words and the rest by its sources.
    fn describe(&self) -> Exceptions {
        let message = match self {
            error if error.is_timeout() => "timed out",
            error if error.is_connect() => "could not connect",
            error if error.is_redirect() => "redirected too often",
            error if error.is_builder() => "is not a valid request",
            error if error.is_body() || error.is_decode() => "body broke off",
            _ => "failed",
        };
        let mut exceptions = Exceptions::new("reqwest::Error", message);
        if let Some(source) = self.source() {
            exceptions.because(Exceptions::of_source(source));
        }
        exceptions
    }
}
