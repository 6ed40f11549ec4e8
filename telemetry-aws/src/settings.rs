//! [`AwsSettings`]: region, role, endpoint and proxy.

use serde::Deserialize;

/// Region, role, endpoint and proxy of calls to AWS. What is not set comes from the environment, profiles or the platform, as in every AWS SDK.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AwsSettings {
    /// The region.
    pub region: Option<String>,
    /// One endpoint for all services, such as the local console. `AWS_ENDPOINT_URL` does the same.
    pub endpoint: Option<String>,
    /// A role to send with, in another account too. Default: none.
    pub role_arn: Option<String>,
    /// The external id that the role's trust policy asks for.
    pub external_id: Option<String>,
    /// The HTTP proxy, with its scheme. Metadata services are never asked through it. Default: `HTTPS_PROXY` and `NO_PROXY`.
    pub proxy: Option<String>,
    /// Accepts any certificate: whoever is in between reads and changes everything. For tests. Default: no.
    pub no_verify_ssl: bool,
    /// Does not ask EC2's metadata service for the region. Default: asks.
    pub local_mode: bool,
    /// Uses made-up credentials; only for endpoints that do not check them.
    #[serde(skip)]
    pub is_local: bool,
}

impl AwsSettings {
    /// The local console at this address: no credentials, any region.
    #[must_use]
    pub fn local(endpoint: String) -> Self {
        Self { region: Some("us-east-1".into()), endpoint: Some(endpoint), is_local: true, ..Self::default() }
    }
}
