//! HTTP servers with limits: connections, the time for a head, the time for a request.

mod serve;

#[cfg(feature = "http2")]
pub use serve::serve_either;
pub use serve::{Limits, serve};
