//! OpenTelemetry's part of the configuration: spans in, and segments out as spans.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use serde::Deserialize;

/// Spans in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct OtlpConfig {
    /// Whether the ports are opened. Default: no; yes with `metrics-agent local`.
    pub enabled: Option<bool>,
    /// Where spans arrive by HTTP, protobuf or JSON. Default `127.0.0.1:4318`.
    pub http: SocketAddr,
    /// Where spans arrive by gRPC. Default `127.0.0.1:4317`.
    pub grpc: SocketAddr,
    /// Attributes that become annotations, beside those that a span lists in `aws.xray.annotations`. Default: none.
    pub indexed: Vec<String>,
    /// Whether all attributes become annotations that can; X-Ray indexes 50 of a trace. Default: no.
    pub index_all: bool,
    /// Whether the agent starts without a port that is taken, as who only looks has not asked for it.
    #[serde(skip)]
    pub is_optional: bool,
}

impl OtlpConfig {
    /// Whether this program can open the ports, and is to.
    pub(crate) fn is_on(&self) -> bool {
        cfg!(feature = "otlp") && self.enabled == Some(true)
    }
}

/// Where segments go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TracesTo {
    /// X-Ray, with PutTraceSegments.
    #[default]
    Xray,
    /// An OpenTelemetry collector, or CloudWatch's OTLP endpoint, as spans.
    Otlp,
}

/// The collector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Collector {
    /// The whole URL, such as `http://collector:4318/v1/traces`. Default: CloudWatch's endpoint of the region, signed.
    pub endpoint: Option<String>,
    /// Sent with each request, such as a key. Default: none.
    pub headers: Headers,
}

/// Names and values, which may be secret: only names are shown.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Headers(BTreeMap<String, String>);

impl Headers {
    /// Of pairs.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
