//! Who may not use the agent's HTTP ports.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// A page on any site can reach loopback; no SDK sends these headers.
fn is_from_a_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site")
}

/// A layer for all routes of a port.
pub(crate) async fn refuse_browsers(request: Request, next: Next) -> Response {
    if is_from_a_browser(request.headers()) {
        return (StatusCode::FORBIDDEN, "browsers are refused\n").into_response();
    }
    next.run(request).await
}

/// A layer for ports on loopback that answer GET, where browsers send none of these headers: a page whose name its owner's DNS bound to this
/// address afterwards sends that name as the host. Those who mean this machine say its address, `localhost`, or a name without a dot.
pub(crate) async fn refuse_foreign_hosts(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if is_foreign(host) {
        return (StatusCode::FORBIDDEN, "the host is none of this machine's names\n").into_response();
    }
    next.run(request).await
}

fn is_foreign(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit())).map_or(host, |(name, _)| name);
    let is_address = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    !is_address && name.contains('.') && !name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_of_this_machine_are_no_foreigners() {
        for host in ["127.0.0.1:2001", "[::1]:2001", "::1", "localhost:2001", "web-1", "agent.localhost", ""] {
            assert!(!is_foreign(host), "{host}");
        }
        assert!(["evil.test", "evil.test:2001", "127.0.0.1.nip.io:2001"].into_iter().all(is_foreign));
    }
}
