//! The configuration that all clients share.

use aws_config::identity::IdentityCache;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use crate::clock::LearnedClock;
use crate::credentials::{KeptCredentials, NewProvider};
use crate::refusal::chain_of;
use crate::region::{self, NoRegion};
use crate::service::CALL;
use crate::settings::AwsSettings;

/// The X-Ray daemon's: policies may name it.
const SESSION: &str = "xray-daemon";

/// Error of loading the configuration: AWS cannot be reached until it is mended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AwsError {
    /// No region.
    #[error(transparent)]
    Region(#[from] NoRegion),
    /// No HTTPS: a proxy that is none, or no certificates of authorities on this machine.
    #[error("HTTPS cannot be used: {}; certificates of authorities are expected in /etc/ssl/certs, or where SSL_CERT_FILE says", chain_of(.0))]
    Http(#[from] reqwest::Error),
    /// Settings of the endpoint that contradict each other.
    #[error("X-Ray has no endpoint: {0}")]
    Endpoint(String),
}

impl AwsSettings {
    /// Loads the configuration that all clients share.
    ///
    /// # Errors
    /// When nothing says which region, and nothing will.
    pub(crate) async fn load(&self, http: SharedHttpClient) -> Result<SdkConfig, NoRegion> {
        let region = region::find(self, &http).await?;
        tracing::info!(target: "xray_daemon", "Using region: {region}");
        let config = with_kept_credentials(self.load_in(region.clone(), http.clone()).await, self.clone(), region, http);
        let Some(endpoint) = &self.endpoint else { return Ok(config) };
        Ok(config.into_builder().endpoint_url(endpoint).build())
    }

    async fn load_in(&self, region: Region, http: SharedHttpClient) -> SdkConfig {
        let timeouts = TimeoutConfig::builder().operation_timeout(CALL).build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .identity_cache(IdentityCache::no_cache())
            .timeout_config(timeouts)
            .time_source(LearnedClock)
            .http_client(http)
            .region(region);
        if self.is_local {
            let made_up = Credentials::new("local", "local", None, None, "metrics-agent local");
            loader = loader.credentials_provider(SharedCredentialsProvider::new(made_up));
        }
        self.with_role(loader.load().await).await
    }

    /// The role is asked for at the region's own STS, whatever endpoint the data goes to.
    async fn with_role(&self, config: SdkConfig) -> SdkConfig {
        let Some(role) = self.role_arn.as_ref().filter(|_| !self.is_local) else { return config };
        let builder = AssumeRoleProvider::builder(role).session_name(SESSION).configure(&config);
        let builder = self.external_id.iter().fold(builder, |builder, id| builder.external_id(id));
        let provider = SharedCredentialsProvider::new(builder.build().await);
        config.into_builder().credentials_provider(provider).build()
    }
}

fn with_kept_credentials(config: SdkConfig, settings: AwsSettings, region: Region, http: SharedHttpClient) -> SdkConfig {
    let Some(provider) = config.credentials_provider() else { return config };
    let new_provider: NewProvider = Box::new(move || {
        let (settings, region, http) = (settings.clone(), region.clone(), http.clone());
        Box::pin(async move { settings.load_in(region, http).await.credentials_provider() })
    });
    let kept = KeptCredentials::new(provider, new_provider);
    config.into_builder().credentials_provider(SharedCredentialsProvider::new(kept)).build()
}
