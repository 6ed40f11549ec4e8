//! The `http` block.

use serde::Deserialize;

use crate::document::object::Object;

/// What was asked and answered. Strings are cut at 250 characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Http {
    /// The request.
    pub request: HttpRequest,
    /// The response, once there is one.
    pub response: HttpResponse,
}

/// The request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct HttpRequest {
    /// `GET`, `POST`, ...
    pub method: Option<String>,
    /// Scheme, host and path; the query string only when the user asked for it.
    pub url: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// The first address of `X-Forwarded-For`, else the peer's.
    pub client_ip: Option<String>,
    /// Whether `client_ip` comes from a header and so can be forged. Segments only.
    pub x_forwarded_for: bool,
}

/// The response.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct HttpResponse {
    /// The status code.
    pub status: Option<u16>,
    /// Length of the body in bytes.
    pub content_length: Option<u64>,
}

impl Http {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut http = Object::begin(out);
        if self.request != HttpRequest::default() {
            self.request.write(http.key("request"));
        }
        if self.response != HttpResponse::default() {
            let mut response = Object::begin(http.key("response"));
            response.integer("status", self.response.status).integer("content_length", self.response.content_length);
            response.end();
        }
        http.end();
    }
}

impl HttpRequest {
    fn write(&self, out: &mut Vec<u8>) {
        let mut request = Object::begin(out);
        request
            .short_text("method", self.method.as_deref())
            .short_text("url", self.url.as_deref())
            .short_text("user_agent", self.user_agent.as_deref())
            .short_text("client_ip", self.client_ip.as_deref())
            .flag("x_forwarded_for", self.x_forwarded_for);
        request.end();
    }
}
