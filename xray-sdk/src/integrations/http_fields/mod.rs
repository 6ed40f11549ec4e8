//! What the HTTP integrations share: reading a request, writing the `http` block, passing the trace on.

#[cfg(any(feature = "hyper", feature = "tonic"))]
mod call;
#[cfg(any(feature = "tower", feature = "lambda"))]
mod client_address;
#[cfg(any(feature = "tower", feature = "tonic"))]
mod grpc;
#[cfg(any(feature = "tower", feature = "reqwest", feature = "hyper", feature = "tonic"))]
mod header;
#[cfg(any(feature = "tower", feature = "tonic", feature = "lambda"))]
mod host;
#[cfg(any(feature = "tower", feature = "reqwest", feature = "lambda"))]
mod request;

#[cfg(any(feature = "hyper", feature = "tonic"))]
pub(crate) use call::{begin_call, describe_call_error};
#[cfg(any(feature = "tower", feature = "tonic"))]
pub(crate) use grpc::GrpcStatus;
#[cfg(feature = "tower")]
pub(crate) use grpc::{is_grpc, timeout};

#[cfg(feature = "reqwest")]
pub(crate) use header::inject;
#[cfg(feature = "tower")]
pub(crate) use header::{ResponseHeader, incoming};
#[cfg(feature = "tower")]
pub(crate) use host::{host_of, without_port};
#[cfg(feature = "tower")]
pub(crate) use request::matched_route;
#[cfg(feature = "reqwest")]
pub(crate) use request::remote_url;
#[cfg(any(feature = "tower", feature = "lambda"))]
pub(crate) use request::{content_length, describe_server_request};
