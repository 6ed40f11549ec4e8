//! Who may ask: a page on another site must not read traces through the visitor's browser.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Host names under which the console answers, besides loopback.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    pub(crate) hosts: Arc<[String]>,
}

impl Guard {
    /// Refuses hosts that are not ours (DNS rebinding) and origins other than our own page.
    pub(crate) async fn check(State(guard): State<Self>, request: Request, next: Next) -> Response {
        match guard.refusal(request.headers(), request.uri().host()) {
            None => next.run(request).await,
            Some(why) => (StatusCode::FORBIDDEN, why).into_response(),
        }
    }

    fn refusal(&self, headers: &HeaderMap, uri_host: Option<&str>) -> Option<String> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let host = uri_host.or_else(|| text(header::HOST)).unwrap_or_default();
        if !self.knows(host) {
            return Some(format!("the host `{host}` is not served here; allow it with --allow-host\n"));
        }
        let origin = text(header::ORIGIN)?;
        let is_own = origin.split_once("://").is_some_and(|(_, from)| self.knows(from));
        (!is_own).then(|| format!("requests from the page at `{origin}` are refused\n"))
    }

    fn knows(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let name = name.trim_matches(['[', ']']);
        matches!(name, "localhost" | "127.0.0.1" | "::1")
            || name.ends_with(".localhost")
            || self.hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(host: &'static str, origin: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        Guard { hosts: ["console.internal".to_owned()].into() }.refusal(&headers, None).is_some()
    }

    #[test]
    fn only_loopback_and_allowed_hosts_are_served() {
        assert!(!refused("127.0.0.1:2080", None));
        assert!(!refused("[::1]:2080", Some("http://[::1]:2080")));
        assert!(!refused("xray.localhost:2080", Some("http://xray.localhost:2080")));
        assert!(!refused("console.internal", None));
        assert!(refused("evil.test", None));
        assert!(refused("127.0.0.1:2080", Some("http://evil.test")));
        assert!(refused("127.0.0.1:2080", Some("null")));
    }
}
