//! [`Reach`]: AWS as one configuration reaches it.

use std::sync::Arc;

use aws_config::SdkConfig;

use super::load::AwsError;
use super::settings::AwsSettings;
use super::signer::Signer;

/// For clients of the SDK, and for calls that none of them makes.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    pub(crate) config: SdkConfig,
    pub(crate) signer: Arc<Signer>,
}

impl Reach {
    /// # Errors
    /// When nothing says which region, and nothing will; when there can be no HTTPS.
    pub(crate) async fn load(settings: &AwsSettings) -> Result<Self, AwsError> {
        let config = settings.load().await?;
        let signer = Signer::new(config.clone(), settings)?;
        Ok(Self { config, signer })
    }
}
