//! What the HTTP integrations share: reading a request, writing the `http` block, passing the trace on.

mod header;
mod request;

#[cfg(feature = "reqwest")]
pub(crate) use header::inject;
#[cfg(feature = "tower")]
pub(crate) use header::{ResponseHeader, incoming};
#[cfg(feature = "reqwest")]
pub(crate) use request::remote_url;
#[cfg(feature = "tower")]
pub(crate) use request::{content_length, describe_server_request, host_of, matched_route};
