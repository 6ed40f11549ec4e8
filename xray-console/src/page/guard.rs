//! [`Guard`]: a page on another site must not read or write through the visitor's browser.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Hosts and origins that are served besides loopback and the console's own page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    pub(crate) hosts: Arc<[String]>,
    pub(crate) origins: Arc<[String]>,
}

impl Guard {
    /// Refuses unknown hosts (DNS rebinding) and requests of other pages. A form of another page needs no preflight, so a request is
    /// refused by `Origin` or `Sec-Fetch-Site` whatever its content type. Answers are not to be kept or guessed at by browsers.
    pub(crate) async fn check(State(guard): State<Self>, request: Request, next: Next) -> Response {
        if let Some(reason) = guard.refusal(request.method(), request.uri(), request.headers()) {
            return (StatusCode::FORBIDDEN, reason).into_response();
        }
        let mut response = next.run(request).await;
        let headers = response.headers_mut();
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        response
    }

    fn refusal(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<String> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let host = uri.authority().map(axum::http::uri::Authority::as_str).or_else(|| text("host")).unwrap_or_default();
        if !self.knows(host) {
            return Some(format!("the host `{host}` is not served here; allow it with --allow-host\n"));
        }
        match (text("origin"), text("sec-fetch-site")) {
            (Some(origin), _) => (!self.is_own(origin, host))
                .then(|| format!("requests from the page at `{origin}` are refused; allow it with --allow-origin\n")),
            (None, None | Some("same-origin" | "none")) => None,
            // A link on another page may lead to this one.
            (None, Some(_)) if method == Method::GET && uri.path() == "/" && text("sec-fetch-mode") == Some("navigate") => None,
            (None, Some(site)) => Some(format!("requests from another page ({site}) are refused\n")),
        }
    }

    /// Returns whether an origin is the console's page as the browser has it, or allowed.
    fn is_own(&self, origin: &str, host: &str) -> bool {
        let is_page = origin.split_once("://").is_some_and(|(_, from)| from.eq_ignore_ascii_case(host));
        is_page || self.origins.iter().any(|known| known.eq_ignore_ascii_case(origin))
    }

    fn knows(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let name = name.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        matches!(&*name, "localhost" | "::1")
            || name.ends_with(".localhost")
            || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            || self.hosts.iter().any(|known| known.eq_ignore_ascii_case(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(method: &Method, path: &str, headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let guard = Guard { hosts: ["console.internal".to_owned()].into(), origins: ["http://localhost:3000".to_owned()].into() };
        guard.refusal(method, &path.parse().unwrap(), &headers).is_some()
    }

    #[test]
    fn only_loopback_and_allowed_hosts_are_served() {
        for host in
            ["127.0.0.1:2080", "127.0.0.2:2080", "[::1]:2080", "LOCALHOST", "localhost.:2080", "xray.localhost:2080", "Console.Internal"]
        {
            assert!(!refused(&Method::POST, "/", &[("host", host)]), "{host}");
        }
        for host in ["evil.test", "127.0.0.1.evil.test", "localhost.evil.test", "", "10.0.0.1:2080"] {
            assert!(refused(&Method::POST, "/", &[("host", host)]), "{host}");
        }
    }

    #[test]
    fn only_the_consoles_own_page_and_allowed_origins_may_ask() {
        let host = ("host", "localhost:2080");
        for origin in ["http://localhost:2080", "https://LOCALHOST:2080", "http://localhost:3000"] {
            assert!(!refused(&Method::POST, "/", &[host, ("origin", origin)]), "{origin}");
        }
        for origin in ["http://localhost:5173", "http://x.localhost:2080", "http://127.0.0.1:2080", "http://evil.test", "null"] {
            assert!(refused(&Method::POST, "/", &[host, ("origin", origin)]), "{origin}");
        }
        for site in ["cross-site", "same-site"] {
            assert!(refused(&Method::GET, "/api/overview", &[host, ("sec-fetch-site", site), ("sec-fetch-mode", "no-cors")]), "{site}");
            assert!(refused(&Method::POST, "/", &[host, ("sec-fetch-site", site), ("sec-fetch-mode", "navigate")]), "{site}");
            assert!(!refused(&Method::GET, "/", &[host, ("sec-fetch-site", site), ("sec-fetch-mode", "navigate")]), "a link to the page");
        }
        assert!(!refused(&Method::GET, "/api/overview", &[host, ("sec-fetch-site", "same-origin")]));
    }
}
