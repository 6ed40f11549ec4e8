//! [`Aws`]: AWS as one configuration reaches it.

use std::sync::Arc;

use aws_types::SdkConfig;

use crate::endpoint::{application_signals_endpoint, xray_endpoint};
use crate::http;
use crate::load::AwsError;
use crate::service::Service;
use crate::settings::AwsSettings;

/// For clients of the SDK, and for calls that none of them makes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Aws {
    /// For clients of the SDK. Their repeats are off, so that delivery alone repeats.
    pub config: SdkConfig,
    /// X-Ray, for signed calls.
    pub xray: Arc<Service>,
    /// Application Signals, if a region is known.
    pub application_signals: Option<Arc<Service>>,
}

impl Aws {
    /// Finds region, credentials and endpoints.
    ///
    /// # Errors
    /// When nothing says which region, and nothing will; when there can be no HTTPS; when the settings contradict each other.
    pub async fn load(settings: &AwsSettings) -> Result<Self, AwsError> {
        let client = http::client(settings)?;
        let config = settings.load(http::for_sdk(client.clone())).await?;
        let service = |endpoint, name| Arc::new(Service::new(config.clone(), client.clone(), endpoint, name));
        let xray = service(xray_endpoint(&config).await.map_err(AwsError::Endpoint)?, "xray");
        let application_signals = application_signals_endpoint(&config).map(|endpoint| service(endpoint, "application-signals"));
        Ok(Self { xray, application_signals, config })
    }
}
