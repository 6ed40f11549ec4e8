//! From requests to the `http` block.

#[cfg(any(feature = "tower", feature = "lambda"))]
use http::HeaderMap;
#[cfg(any(feature = "tower", feature = "lambda"))]
use http::header;
#[cfg(any(feature = "tower", feature = "lambda"))]
use telemetry_wire::Http;

#[cfg(any(feature = "tower", feature = "lambda"))]
use super::client_address::Forwarded;
#[cfg(any(feature = "tower", feature = "lambda"))]
use super::host::url_of;

/// Fills in method, URL without credentials and query, user agent and the client's address.
#[cfg(any(feature = "tower", feature = "lambda"))]
pub(crate) fn describe_server_request(http: &mut Http, parts: &http::request::Parts, peer: Option<std::net::IpAddr>) {
    http.request.method = Some(parts.method.to_string());
    http.request.url = Some(url_of(&parts.uri, &parts.headers));
    // Not `to_str`: a header may have bytes beyond ASCII.
    let agent = parts.headers.get(header::USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()).into_owned());
    http.request.user_agent = agent;
    let (client, is_forwarded) = match Forwarded::read(&parts.headers) {
        Forwarded::From(address) => (Some(address), true),
        Forwarded::Hidden => (None, false),
        Forwarded::No => (peer.map(|peer| peer.to_canonical()), false),
    };
    http.request.client_ip = client.map(|client| client.to_string());
    http.request.x_forwarded_for = is_forwarded;
}

#[cfg(any(feature = "tower", feature = "lambda"))]
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The route that axum matched, such as `/orders/{id}`.
#[cfg(all(feature = "tower", feature = "axum"))]
pub(crate) fn matched_route(extensions: &http::Extensions) -> Option<String> {
    extensions.get::<axum::extract::MatchedPath>().map(|path| path.as_str().to_owned())
}

/// Without axum nobody knows the route.
#[cfg(all(feature = "tower", not(feature = "axum")))]
pub(crate) const fn matched_route(_: &http::Extensions) -> Option<String> {
    None
}

/// The URL of a call without credentials, query and fragment.
#[cfg(feature = "reqwest")]
pub(crate) fn remote_url(url: &reqwest::Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{}://{host}:{port}{}", url.scheme(), url.path()),
        (Some(host), None) => format!("{}://{host}{}", url.scheme(), url.path()),
        (None, _) => format!("{}:{}", url.scheme(), url.path()),
    }
}
