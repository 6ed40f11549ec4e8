//! [`Xray`]: signed calls of X-Ray's API, their bodies as they are.
//!
//! The SDK's client knows the fields of its day only, copies each document, and spends on a call twice what signing and sending need.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use axum::body::Bytes;
use http::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder};

use super::answer::Answer;
use super::endpoint::xray_endpoint;
use super::load::{AwsError, CALL};

/// What X-Ray's operations take.
pub(crate) const JSON: &str = "application/json";

/// X-Ray of one region, as one identity.
#[derive(Debug)]
pub(crate) struct Xray {
    config: SdkConfig,
    client: Client,
    endpoint: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("no region is known: set aws.region or AWS_REGION")]
    NoRegion,
    #[error("no credentials: {0}")]
    Credentials(String),
    #[error("the request cannot be signed: {0}")]
    Sign(String),
    #[error("no answer")]
    Send(#[from] reqwest::Error),
}

impl Xray {
    /// # Errors
    /// When the settings do not say where it is.
    pub(super) async fn new(config: SdkConfig, client: Client) -> Result<Self, AwsError> {
        let endpoint = xray_endpoint(&config).await.map_err(AwsError::Endpoint)?;
        Ok(Self { config, client, endpoint })
    }

    /// POSTs to a path, signed.
    pub(crate) async fn post(&self, path: &str, content_type: &'static str, body: Bytes) -> Result<Answer, CallError> {
        self.post_within(CALL, path, content_type, body).await
    }

    /// As `post`, with less time.
    pub(crate) async fn post_within(
        &self,
        within: Duration,
        path: &str,
        content_type: &'static str,
        body: Bytes,
    ) -> Result<Answer, CallError> {
        let request = self.signed(&format!("{}{path}", self.endpoint), content_type, &body).await?;
        send(request.timeout(within).header(CONTENT_TYPE, content_type).body(body)).await
    }

    /// POSTs elsewhere, in the same way but unsigned.
    #[cfg(feature = "otlp")]
    pub(crate) async fn post_elsewhere(
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
            .name("xray")
            .time(crate::clock::signing_now())
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
        provider.provide_credentials().await.map_err(|error| CallError::Credentials(super::chain_of(&error)))
    }
}

async fn send(request: RequestBuilder) -> Result<Answer, CallError> {
    let mut answer = request.send().await?;
    let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
    Ok(Answer { status, headers, body: answer.bytes().await? })
}
