//! [`Signer`]: requests that no client of the SDK makes.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use reqwest::Client;

use super::http::client_for;
use super::settings::AwsSettings;

/// For a request as a whole, unless it says otherwise.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Signs requests to X-Ray, and has the client that sends them.
#[derive(Debug)]
pub(crate) struct Signer {
    config: SdkConfig,
    pub(crate) client: Client,
}

/// Why a request cannot be signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignError {
    #[error("no region is known: set aws.region or AWS_REGION")]
    NoRegion,
    #[error("no credentials: {0}")]
    Credentials(String),
    #[error("the request cannot be signed: {0}")]
    Sign(String),
}

impl Signer {
    /// # Errors
    /// When there can be no HTTPS.
    pub(crate) fn new(config: SdkConfig, settings: &AwsSettings) -> reqwest::Result<Arc<Self>> {
        let client = client_for(settings, TIMEOUT)?;
        Ok(Arc::new(Self { config, client }))
    }

    /// The URL of a path of X-Ray's.
    pub(crate) fn url(&self, path: &str) -> Result<String, SignError> {
        let region = self.region()?;
        let endpoint = self.config.endpoint_url().map_or_else(|| format!("https://xray.{region}.{}", dns_suffix(&region)), str::to_owned);
        Ok(format!("{}{path}", endpoint.trim_end_matches('/')))
    }

    /// The headers that sign a POST.
    pub(crate) async fn sign(&self, url: &str, content_type: &str, body: &[u8]) -> Result<Vec<(String, String)>, SignError> {
        let region = self.region()?;
        let credentials = self.credentials().await?;
        let failed = |error: &dyn std::fmt::Display| SignError::Sign(error.to_string());
        let identity = credentials.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&region)
            .name("xray")
            .time(crate::clock::signing_now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| failed(&error))?;
        let headers = [("content-type", content_type)].into_iter();
        let request = SignableRequest::new("POST", url, headers, SignableBody::Bytes(body)).map_err(|error| failed(&error))?;
        let (instructions, _) = sign(request, &parameters.into()).map_err(|error| failed(&error))?.into_parts();
        Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    fn region(&self) -> Result<String, SignError> {
        self.config.region().map(ToString::to_string).ok_or(SignError::NoRegion)
    }

    async fn credentials(&self) -> Result<Credentials, SignError> {
        let provider = self.config.credentials_provider().ok_or_else(|| SignError::Credentials("none configured".into()))?;
        provider.provide_credentials().await.map_err(|error| SignError::Credentials(error.to_string()))
    }
}

fn dns_suffix(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "amazonaws.com.cn",
        region if region.starts_with("us-iso-") => "c2s.ic.gov",
        region if region.starts_with("us-isob-") => "sc2s.sgov.gov",
        region if region.starts_with("eusc-") => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}
