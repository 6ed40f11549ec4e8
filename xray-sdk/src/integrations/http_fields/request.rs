//! From requests to the `http` block.

#[cfg(feature = "tower")]
use http::HeaderMap;
#[cfg(feature = "tower")]
use http::header;
#[cfg(feature = "tower")]
use telemetry_wire::Http;

/// The host that the caller asked for, without its port: the authority of the URI in HTTP/2, else the `Host` header.
#[cfg(feature = "tower")]
pub(crate) fn host_of(parts: &http::request::Parts) -> Option<&str> {
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    authority.or_else(|| parts.headers.get(header::HOST).and_then(|value| value.to_str().ok()))
}

/// Fills in method, URL without the query, user agent and client address.
#[cfg(feature = "tower")]
pub(crate) fn describe_server_request(http: &mut Http, parts: &http::request::Parts, peer: Option<std::net::IpAddr>) {
    let text = |name: header::HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let scheme = parts.uri.scheme_str().unwrap_or("http");
    http.request.method = Some(parts.method.to_string());
    http.request.url = Some(match host_of(parts) {
        Some(host) => format!("{scheme}://{host}{}", parts.uri.path()),
        None => parts.uri.path().to_owned(),
    });
    http.request.user_agent = text(header::USER_AGENT);
    match forwarded_for(&parts.headers) {
        Some(address) => {
            http.request.client_ip = Some(address.to_owned());
            http.request.x_forwarded_for = true;
        }
        None => http.request.client_ip = peer.map(|peer| peer.to_string()),
    }
}

/// The first address of `X-Forwarded-For`: the client, as far as the proxies tell the truth.
#[cfg(feature = "tower")]
fn forwarded_for(headers: &HeaderMap) -> Option<&str> {
    let list = headers.get("x-forwarded-for")?.to_str().ok()?;
    list.split(',').map(str::trim).find(|address| !address.is_empty())
}

#[cfg(feature = "tower")]
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
