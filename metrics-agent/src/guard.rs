//! Who may not use the agent's HTTP ports.

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
