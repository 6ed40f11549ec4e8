//! [`Console`]: the process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Router, middleware};
use telemetry_serve::{Limits, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::api::Api;
use crate::page::{self, Guard};
use crate::storage::{Storage, StorageError};

/// How the console runs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Where it listens. Default `127.0.0.1:2080`; port 0 takes a free one.
    pub address: SocketAddr,
    /// The SQLite file. Default: a temporary one that goes with the process.
    pub data: Option<PathBuf>,
    /// Bytes of data kept; the oldest goes first. Default 1 GB, at least 1 MB.
    pub budget: u64,
    /// Host names to answer to, besides loopback names. Default: none.
    pub allowed_hosts: Vec<String>,
    /// Origins of other pages that may ask, such as `http://localhost:3000`. Default: none; that of the console's page always may.
    pub allowed_origins: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 2080)),
            data: None,
            budget: 1 << 30,
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
        }
    }
}

/// Why the console did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The port is taken, or not ours to take.
    #[error("console: cannot listen on {0}: {1}; choose another with --listen or `console.listen`")]
    Listen(SocketAddr, std::io::Error),
    /// The data file cannot be opened.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A running console.
#[derive(Debug)]
pub struct Console {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Console {
    /// Opens the data, binds the port and serves in the background.
    ///
    /// # Errors
    /// When the port or the data file cannot be had.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        const LEAST: u64 = 1 << 20;
        let storage = Storage::open(settings.data.as_deref(), settings.budget.max(LEAST))?;
        let listener = TcpListener::bind(settings.address).await.map_err(|error| StartError::Listen(settings.address, error))?;
        let address = listener.local_addr().map_err(|error| StartError::Listen(settings.address, error))?;
        let api = Api { storage, activity: Arc::default(), clients: Arc::default(), queues: Arc::default() };
        let router = router(api, Guard { hosts: settings.allowed_hosts.into(), origins: settings.allowed_origins.into() });
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            tokio::select! {
                () = serve(Limits::default(), listener, router) => {}
                _ = stopped => {}
            }
        });
        Ok(Self { address, stop, task })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops serving and closes the data.
    pub async fn stop(self) {
        drop(self.stop);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the console ended badly");
        }
    }
}

/// The page's routes; everything else is an AWS call or nothing.
fn router(api: Api, guard: Guard) -> Router {
    page::routes().fallback(aws).method_not_allowed_fallback(aws).with_state(api).layer(middleware::from_fn_with_state(guard, Guard::check))
}

async fn aws(State(api): State<Api>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    match api.answer(request).await {
        Some(response) => response,
        None => (StatusCode::NOT_FOUND, format!("nothing at {path}: this is a local AWS endpoint; its page is at /\n")).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use serde_json::{Value, json};
    use tower::ServiceExt as _;

    use super::*;

    fn console() -> Router {
        let storage = Storage::open(None, 1 << 30).unwrap();
        router(Api { storage, activity: Arc::default(), clients: Arc::default(), queues: Arc::default() }, Guard::default())
    }

    async fn ask(router: &Router, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> (StatusCode, Value, axum::http::HeaderMap) {
        let mut request = axum::http::Request::builder().uri(path).header("host", "localhost:2080");
        if body.is_some() {
            request = request.method("POST");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let response = router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        (parts.status, serde_json::from_slice(&bytes).unwrap_or_default(), parts.headers)
    }

    #[tokio::test]
    async fn a_reset_wants_its_header_and_deletes_everything() {
        let router = console();
        let document = json!({ "name": "shop", "id": "0000000000000001", "trace_id": "1-5759e988-000000000000000000000001", "start_time": 1.0, "end_time": 2.0 });
        let put = json!({ "TraceSegmentDocuments": [document.to_string()] });
        assert_eq!(ask(&router, "/TraceSegments", &[], Some(put)).await.0, StatusCode::OK);
        let count = async || ask(&router, "/api/traces?from=0&to=10", &[], None).await.1["matching"].clone();
        assert_eq!(ask(&router, "/reset", &[], Some(json!({}))).await.0, StatusCode::BAD_REQUEST);
        assert_eq!(count().await, 1);
        assert_eq!(ask(&router, "/reset", &[("x-console-reset", "yes")], Some(json!({}))).await.0, StatusCode::NO_CONTENT);
        assert_eq!(count().await, 0);
    }

    #[tokio::test]
    async fn answers_are_neither_guessed_at_nor_kept_and_other_pages_have_none() {
        let router = console();
        let (status, _, headers) = ask(&router, "/api/overview", &[], None).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(
            (&headers["x-content-type-options"], &headers["cache-control"]),
            (&"nosniff".parse().unwrap(), &"no-store".parse().unwrap())
        );
        let form = [("origin", "http://localhost:5173"), ("content-type", "application/x-www-form-urlencoded")];
        assert_eq!(ask(&router, "/", &form, Some(json!({}))).await.0, StatusCode::FORBIDDEN);
    }

    #[tokio::test]
    async fn a_trace_that_is_known_is_not_sent_again() {
        let router = console();
        let (_, _, headers) = ask(&router, "/api/trace/1-5759e988-000000000000000000000001", &[], None).await;
        let tag = headers["etag"].to_str().unwrap().to_owned();
        let again = ask(&router, "/api/trace/1-5759e988-000000000000000000000001", &[("if-none-match", &tag)], None).await;
        assert_eq!(again.0, StatusCode::NOT_MODIFIED);
    }
}
