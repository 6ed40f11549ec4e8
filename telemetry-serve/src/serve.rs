//! [`serve()`]: HTTP on a port, for clients that may be slow, silent or many.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
#[cfg(feature = "http2")]
use hyper::server::conn::http2;
use hyper::service::service_fn;
#[cfg(feature = "http2")]
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::{TokioIo, TokioTimer};
#[cfg(feature = "http2")]
use tokio::io::AsyncReadExt as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tower_service::Service as _;

/// Limits of a port.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Timeout of the head of a request, and of the next request on a connection that stays open. Default 15 s: SDKs ask for sampling
    /// targets every 10 s.
    pub head: Duration,
    /// Timeout of a request as a whole, its body and its answer. Default 30 s.
    pub request: Duration,
    /// Connections at once. Default 512. One more waits until another ends; an idle one ends after `head`.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: Duration::from_secs(15), request: Duration::from_secs(30), connections: 512 }
    }
}

/// Serves HTTP/1 until the future is dropped.
pub async fn serve<L: axum::serve::Listener>(limits: Limits, listener: L, routes: Router) {
    serve_with(limits, listener, routes, converse).await;
}

/// Serves HTTP/1, and HTTP/2 to clients that know beforehand that they may use it.
#[cfg(feature = "http2")]
pub async fn serve_either<L: axum::serve::Listener>(limits: Limits, listener: L, routes: Router) {
    serve_with(limits, listener, routes, converse_in_either).await;
}

async fn serve_with<L, F>(limits: Limits, mut listener: L, routes: Router, converse: impl Fn(Limits, L::Io, Router) -> F)
where
    L: axum::serve::Listener,
    F: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(limits.connections));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let (stream, _) = listener.accept().await;
        let connection = converse(limits, stream, routes.clone());
        tokio::spawn(async move {
            connection.await;
            drop(place);
        });
    }
}

async fn converse(limits: Limits, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, routes: Router) {
    let mut builder = http1::Builder::new();
    // A client that shuts its side down behind a request is answered.
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head).half_close(true);
    let answer = service_fn(|request| answer(limits.request, routes.clone(), request));
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), answer).await {
        tracing::debug!(%error, "a connection ended");
    }
}

/// The first three bytes decide: no request of HTTP/1 is as short, and none begins with `PRI`.
#[cfg(feature = "http2")]
async fn converse_in_either(limits: Limits, mut stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, routes: Router) {
    let mut begin = [0; 3];
    if !matches!(tokio::time::timeout(limits.head, stream.read_exact(&mut begin)).await, Ok(Ok(_))) {
        return;
    }
    let (read, write) = tokio::io::split(stream);
    let stream = tokio::io::join(std::io::Cursor::new(begin).chain(read), write);
    if begin != *b"PRI" {
        return converse(limits, stream, routes).await;
    }
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).keep_alive_interval(limits.head).keep_alive_timeout(limits.head);
    let answer = service_fn(|request| answer(limits.request, routes.clone(), request));
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), answer).await {
        tracing::debug!(%error, "a connection ended");
    }
}

async fn answer(within: Duration, mut routes: Router, request: Request<Incoming>) -> Result<Response, Infallible> {
    let too_slow = |_| Ok((StatusCode::REQUEST_TIMEOUT, "the request took too long\n").into_response());
    tokio::time::timeout(within, routes.call(request)).await.unwrap_or_else(too_slow)
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use axum::routing::post;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
    use tokio::sync::mpsc;
    use tokio::time::Instant;

    use super::*;

    struct Arriving(mpsc::UnboundedReceiver<DuplexStream>);

    impl axum::serve::Listener for Arriving {
        type Io = DuplexStream;
        type Addr = ();

        async fn accept(&mut self) -> (DuplexStream, ()) {
            match self.0.recv().await {
                Some(stream) => (stream, ()),
                None => std::future::pending().await,
            }
        }

        fn local_addr(&self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// Gives what connects to a server that takes two at once, and counts bytes.
    fn server() -> impl Fn() -> DuplexStream {
        let (arrive, arriving) = mpsc::unbounded_channel();
        let routes = Router::new().route("/", post(|body: Bytes| async move { body.len().to_string() }));
        tokio::spawn(serve_with(Limits { connections: 2, ..Limits::default() }, Arriving(arriving), routes, converse));
        move || {
            let (ours, theirs) = duplex(1 << 16);
            arrive.send(theirs).unwrap();
            ours
        }
    }

    const HEAD: Duration = Duration::from_secs(15);
    const REQUEST: Duration = Duration::from_secs(30);
    const REQUEST_OF_THREE: &[u8] = b"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 3\r\n\r\n";

    async fn read(mut stream: DuplexStream) -> String {
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_never_ends_is_given_up() {
        let mut stream = server()();
        stream.write_all(b"POST / HTTP/1.1\r\nhost:").await.unwrap();
        let began = Instant::now();
        assert!(!read(stream).await.contains("200"));
        assert!((HEAD..REQUEST).contains(&began.elapsed()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_given_up() {
        let mut stream = server()();
        stream.write_all(REQUEST_OF_THREE).await.unwrap();
        stream.write_all(b"a").await.unwrap();
        assert!(read(stream).await.starts_with("HTTP/1.1 408"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_shuts_its_side_down_is_answered() {
        let mut stream = server()();
        stream.write_all(REQUEST_OF_THREE).await.unwrap();
        stream.write_all(b"abc").await.unwrap();
        stream.shutdown().await.unwrap();
        assert!(read(stream).await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test(start_paused = true)]
    async fn idle_connections_do_not_keep_others_out_for_ever() {
        let connect = server();
        let _silent = [connect(), connect()];
        let mut stream = connect();
        stream.write_all(REQUEST_OF_THREE).await.unwrap();
        stream.write_all(b"abc").await.unwrap();
        let answer = read(stream).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n3"), "{answer}");
    }
}
