//! hyper 1.x without tower: servers of `hyper::service::Service`, clients of hyper-util and of raw connections.
//!
//! **Servers.** [`crate::tower::TraceLayer`] wraps hyper's services as it wraps tower's; hyper knows no peer, so it is given:
//!
//! ```
//! # use std::{convert::Infallible, net::SocketAddr};
//! # use http_body_util::Full;
//! # use hyper::{Request, Response, body::{Bytes, Incoming}, service::service_fn};
//! # fn accepted(peer: SocketAddr) {
//! use tower::Layer as _;
//! use xray_sdk::tower::TraceLayer;
//!
//! let answer = service_fn(|_: Request<Incoming>| async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("hi"))) });
//! let service = TraceLayer::new("shop").layer(answer).peer(peer);
//! # drop(service); }
//! ```
//!
//! **Clients.** [`ClientLayer`] wraps `hyper_util::client::legacy::Client` and every other service of `http::Request`; [`send`] is for a raw
//! connection, whose `SendRequest` is no service:
//!
//! ```
//! # async fn run(mut sender: hyper::client::conn::http1::SendRequest<String>, request: hyper::Request<String>) -> Result<(), hyper::Error> {
//! let response = xray_sdk::hyper::send(request, |request| sender.send_request(request)).await?;
//! # drop(response); Ok(()) }
//! ```
//!
//! The subsegment of a call is named after the host, has namespace `remote`, method, URL without credentials and query, status and length,
//! and ends when the head of the response is there. A call that fails is a fault with its chain of sources.

mod client;

pub use client::{Call, Client, ClientLayer, send};
