//! Segments as OpenTelemetry's spans: to a collector over HTTP, or to an agent over UDP.
//!
//! The recording is the same; the document that would go to X-Ray is read and mapped on the thread that sends.

mod endpoint;

mod mapping;

mod http;

mod udp;

pub use endpoint::{OtlpEndpoint, OtlpEndpointError};
pub use http::OtlpEmitter;
pub use udp::OtlpUdpEmitter;
