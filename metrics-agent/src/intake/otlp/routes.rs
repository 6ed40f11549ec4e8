//! The routes of both ports.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::post;

use super::taker::SpanTaker;
use super::{grpc, http};
use crate::guard::refuse_browsers;

/// Spans, and of the other signals that they are not taken.
pub(crate) fn otlp_routes(taker: Arc<SpanTaker>) -> Router {
    Router::new()
        .route("/v1/traces", post(http::take))
        .route(grpc::PATH, post(grpc::take))
        .fallback(|| async { (StatusCode::NOT_FOUND, "only traces are taken, at /v1/traces\n") })
        .layer(middleware::from_fn(refuse_browsers))
        .with_state(taker)
}
