//! OpenTelemetry's spans by HTTP and gRPC: both on either port, as clients are easily pointed at the wrong one.
//!
//! A request is answered when its spans are held. Without room it is answered 503, or `UNAVAILABLE`, and whoever sends keeps them.

mod taker;

mod body;

mod http;

mod grpc;

mod routes;

pub(crate) use routes::otlp_routes;
pub(crate) use taker::SpanTaker;
