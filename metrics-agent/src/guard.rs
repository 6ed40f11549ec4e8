//! Who may not use the agent's HTTP ports.

use axum::http::{HeaderMap, header};

/// A page on any site can reach loopback; no SDK sends these headers.
pub(crate) fn is_from_a_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site")
}
