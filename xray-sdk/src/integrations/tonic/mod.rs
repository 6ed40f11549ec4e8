//! gRPC: tonic's clients and servers, streaming too.
//!
//! ```
//! # fn channel() -> tonic::transport::Channel { unimplemented!() }
//! # fn run() {
//! use xray_sdk::tonic::ClientLayer;
//!
//! // A channel does not tell layers where it goes, so the called service is named.
//! let orders = tower::ServiceBuilder::new().layer(ClientLayer::new("orders")).service(channel());
//! # drop(orders); }
//! ```
//!
//! The subsegment has namespace `remote`, the method as URL, and gRPC's status as annotation `grpc_status`; it ends with the trailers, so it
//! covers streams. RESOURCE_EXHAUSTED is a throttle, INVALID_ARGUMENT, NOT_FOUND and their like are errors, the rest are faults, as in X-Ray's
//! SDK for Go. A stream that is dropped before its trailers is cancelled. A call that fails without a status has that of gRPC's mapping: 4 after a
//! timeout, 14 without a connection, 13 and others for a stream that the server resets. (tonic gives the application 1, CANCELLED, after a timeout.)
//!
//! Servers take [`crate::tower::TraceLayer`] by `Server::builder().layer(..)`, which reads gRPC's status too. A request that is dropped after the deadline
//! of its client (`grpc-timeout`) has status 4. One that `Server::builder().timeout(..)` ends earlier is cancelled: the layer sees it dropped, as when the
//! client leaves.

mod body;
mod client;

pub use body::TracedBody;
pub use client::{Call, Client, ClientLayer};
