//! Which path shows what.

use axum::Router;
use axum::routing::{get, post};

use super::{assets, data, traces};
use crate::api::Api;

/// The page's routes.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/", get(assets::index))
        .route("/assets/{name}", get(assets::asset))
        .route("/api/overview", get(data::overview))
        .route("/api/traces", get(traces::list))
        .route("/api/trace/{id}", get(traces::one))
        .route("/api/graph", get(traces::graph))
        .route("/api/metrics", get(data::metrics))
        .route("/api/metric", get(data::metric))
        .route("/api/logs", get(data::logs))
        .route("/api/version", get(data::version))
        .route("/api/sample", post(data::sample))
        .route("/reset", post(data::reset))
}
