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
}

impl Default for Settings {
    fn default() -> Self {
        Self { address: SocketAddr::from(([127, 0, 0, 1], 2080)), data: None, budget: 1 << 30, allowed_hosts: Vec::new() }
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
        let router = router(api, Guard { hosts: settings.allowed_hosts.into() });
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
