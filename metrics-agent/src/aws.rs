//! Clients: the official SDK, its repeats off.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use serde::Deserialize;
use telemetry_delivery::{Failure, Verdict, classify};

/// Time for one call. The X-Ray daemon's 2 seconds lose data in every brown-out, and a call that timed out but succeeded counts
/// metrics twice.
const CALL: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(5);

/// How AWS is reached. What is not set comes from the environment, profiles or the platform, as in every AWS SDK.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AwsSettings {
    /// The region.
    pub region: Option<String>,
    /// One endpoint for all services, such as the local console. `AWS_ENDPOINT_URL` does the same.
    pub endpoint: Option<String>,
    /// Uses made-up credentials; only for endpoints that do not check them.
    #[serde(skip)]
    pub is_local: bool,
}

impl AwsSettings {
    /// The local console at this address: no credentials, any region.
    #[must_use]
    pub fn local(endpoint: String) -> Self {
        Self { region: Some("us-east-1".into()), endpoint: Some(endpoint), is_local: true }
    }

    /// Loads the configuration that all clients share.
    pub(crate) async fn load(&self) -> SdkConfig {
        let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).operation_timeout(CALL).build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).retry_config(RetryConfig::disabled()).timeout_config(timeouts);
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(endpoint) = &self.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        if self.is_local {
            let made_up = Credentials::new("local", "local", None, None, "metrics-agent local");
            loader = loader.credentials_provider(SharedCredentialsProvider::new(made_up));
        }
        loader.load().await
    }
}

/// What delivery should do after a call that failed.
pub(crate) fn verdict_of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Verdict {
    let response = error.raw_response();
    let retry_after = response.and_then(|response| response.headers().get("retry-after"));
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    classify(&Failure { status: response.map(|response| response.status().as_u16()), code, retry_after })
}
