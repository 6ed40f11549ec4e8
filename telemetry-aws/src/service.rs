//! [`Service`]: signed calls of one service of AWS, their bodies as they are.
//!
//! X-Ray's client in the SDK knows the fields of its day only, copies each document, and spends on a call twice what signing and
//! sending need.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_types::SdkConfig;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder};

use crate::answer::Answer;
use crate::clock::signing_now;
use crate::refusal::chain_of;

/// Time for one call. The X-Ray daemon's 2 seconds lose data in every brown-out, and a call that timed out but succeeded counts
/// metrics twice.
pub(crate) const CALL: Duration = Duration::from_secs(20);

/// The type of bodies of JSON.
pub const JSON: &str = "application/json";

/// One service of one region, as one identity.
#[derive(Debug)]
pub struct Service {
    config: SdkConfig,
    client: Client,
    endpoint: String,
    /// Name of the service in signatures.
    name: &'static str,
}

/// Error of a call without an answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// Signatures name a region.
    #[error("no region is known: set aws.region or AWS_REGION")]
    NoRegion,
    /// None was found, or those who should have some did not answer.
    #[error("no credentials: {0}")]
    Credentials(String),
    /// The address or a header is none.
    #[error("the request cannot be signed: {0}")]
    Sign(String),
    /// No connection, or no answer in time.
    #[error("no answer")]
    Send(#[from] reqwest::Error),
}

impl Service {
    /// A service at an endpoint, which has no slash at its end.
    #[must_use]
    pub const fn new(config: SdkConfig, client: Client, endpoint: String, name: &'static str) -> Self {
        Self { config, client, endpoint, name }
    }

    /// POSTs to a path, signed.
    ///
    /// # Errors
    /// When nothing answers within 20 seconds, or there is nothing to sign with.
    pub async fn post(&self, path: &str, content_type: &'static str, body: Bytes) -> Result<Answer, CallError> {
        self.post_within(CALL, path, content_type, body).await
    }

    /// POSTs to a path, signed, with a timeout.
    ///
    /// # Errors
    /// When nothing answers within it, or there is nothing to sign with.
    pub async fn post_within(&self, within: Duration, path: &str, content_type: &'static str, body: Bytes) -> Result<Answer, CallError> {
        let request = self.signed(&format!("{}{path}", self.endpoint), content_type, &body).await?;
        send(request.timeout(within).header(CONTENT_TYPE, content_type).body(body)).await
    }

    /// POSTs elsewhere, in the same way but unsigned.
    ///
    /// # Errors
    /// When nothing answers within 20 seconds.
    pub async fn post_elsewhere(
        &self,
        url: &str,
        headers: http::HeaderMap,
        content_type: &'static str,
        body: Bytes,
    ) -> Result<Answer, CallError> {
        send(self.client.post(url).headers(headers).timeout(CALL).header(CONTENT_TYPE, content_type).body(body)).await
    }

    /// A POST with the headers that sign it.
    async fn signed(&self, url: &str, content_type: &str, body: &[u8]) -> Result<RequestBuilder, CallError> {
        let failed = |error: &dyn std::fmt::Display| CallError::Sign(error.to_string());
        let region = self.config.region().ok_or(CallError::NoRegion)?;
        let identity = self.credentials().await?.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region.as_ref())
            .name(self.name)
            .time(signing_now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| failed(&error))?;
        let headers = [(CONTENT_TYPE.as_str(), content_type)].into_iter();
        let request = SignableRequest::new("POST", url, headers, SignableBody::Bytes(body)).map_err(|error| failed(&error))?;
        let (instructions, _) = sign(request, &parameters.into()).map_err(|error| failed(&error))?.into_parts();
        Ok(instructions.headers().fold(self.client.post(url), |request, (name, value)| request.header(name, value)))
    }

    async fn credentials(&self) -> Result<Credentials, CallError> {
        let provider = self.config.credentials_provider().ok_or_else(|| CallError::Credentials("none configured".into()))?;
        provider.provide_credentials().await.map_err(|error| CallError::Credentials(chain_of(&error)))
    }
}

async fn send(request: RequestBuilder) -> Result<Answer, CallError> {
    let mut answer = request.send().await?;
    let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
    Ok(Answer::new(status, headers, answer.bytes().await?))
}
