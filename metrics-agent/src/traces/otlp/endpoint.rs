//! [`Endpoint`]: one POST, signed where CloudWatch wants it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::otlp_settings::Collector;
use telemetry_aws::{Answer, CallError, Service};

const PATH: &str = "/v1/traces";
const PROTOBUF: &str = "application/x-protobuf";

/// Where spans go.
#[derive(Debug)]
pub(super) struct Endpoint {
    xray: Arc<Service>,
    /// Without one: CloudWatch, at X-Ray's endpoint.
    collector: Option<(String, HeaderMap)>,
}

impl Endpoint {
    /// The collector that is set, else CloudWatch.
    pub(super) fn new(collector: &Collector, xray: Arc<Service>) -> Self {
        Self { xray, collector: collector.endpoint.clone().map(|url| (url, headers(collector))) }
    }

    /// Sends once.
    pub(super) async fn post(&self, body: Bytes) -> Result<Answer, CallError> {
        match &self.collector {
            Some((url, headers)) => self.xray.post_elsewhere(url, headers.clone(), PROTOBUF, body).await,
            None => self.xray.post(PATH, PROTOBUF, body).await,
        }
    }
}

/// The configuration has been checked.
fn headers(collector: &Collector) -> HeaderMap {
    let pairs = collector.headers.iter();
    pairs.filter_map(|(name, value)| Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))).collect()
}
