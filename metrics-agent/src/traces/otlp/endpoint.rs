//! [`Endpoint`]: one POST, signed where CloudWatch wants it.

use std::sync::Arc;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use crate::aws::{SignError, Signer};
use crate::otlp_settings::Collector;

const PATH: &str = "/v1/traces";
const PROTOBUF: &str = "application/x-protobuf";

/// Where spans go.
#[derive(Debug)]
pub(super) struct Endpoint {
    signer: Arc<Signer>,
    /// Without one: CloudWatch.
    collector: Option<(String, HeaderMap)>,
}

/// Why nobody answered.
#[derive(Debug, thiserror::Error)]
pub(super) enum PostError {
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error("the collector did not answer: {0}")]
    Send(#[from] reqwest::Error),
}

impl Endpoint {
    /// The collector that is set, else CloudWatch.
    pub(super) fn new(collector: &Collector, signer: Arc<Signer>) -> Self {
        Self { signer, collector: collector.endpoint.clone().map(|url| (url, headers(collector))) }
    }

    /// Sends once.
    pub(super) async fn post(&self, body: Vec<u8>) -> Result<reqwest::Response, PostError> {
        let client = &self.signer.client;
        let request = match &self.collector {
            Some((url, headers)) => client.post(url).headers(headers.clone()),
            None => {
                let url = self.signer.url(PATH)?;
                let signature = self.signer.sign(&url, PROTOBUF, &body).await?;
                signature.into_iter().fold(client.post(&url), |request, (name, value)| request.header(name, value))
            }
        };
        Ok(request.header(CONTENT_TYPE, PROTOBUF).body(body).send().await?)
    }
}

/// The configuration has been checked.
fn headers(collector: &Collector) -> HeaderMap {
    let pairs = collector.headers.iter();
    pairs.filter_map(|(name, value)| Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))).collect()
}
