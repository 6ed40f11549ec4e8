//! [`Reach`]: AWS as one configuration reaches it.

use std::sync::Arc;

use aws_config::SdkConfig;

use super::http;
use super::load::AwsError;
use super::settings::AwsSettings;
use super::xray::Xray;

/// For clients of the SDK, and for calls that none of them makes.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    pub(crate) config: SdkConfig,
    pub(crate) xray: Arc<Xray>,
}

impl Reach {
    /// # Errors
    /// When nothing says which region, and nothing will; when there can be no HTTPS; when the settings contradict each other.
    pub(crate) async fn load(settings: &AwsSettings) -> Result<Self, AwsError> {
        let client = http::client(settings)?;
        let config = settings.load(http::for_sdk(client.clone())).await?;
        let xray = Arc::new(Xray::new(config.clone(), client).await?);
        Ok(Self { config, xray })
    }
}
