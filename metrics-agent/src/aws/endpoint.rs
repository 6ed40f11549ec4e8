//! Where X-Ray is: what the SDK's client would make of region, FIPS, dual stack and endpoints that somebody set.

use aws_config::SdkConfig;
use aws_sdk_xray::config::endpoint::{DefaultResolver, Params, ResolveEndpoint as _};
use aws_types::service_config::ServiceConfigKey;

use super::verdict::chain_of;

/// The URL, without a slash at its end.
///
/// # Errors
/// Words on settings that exclude each other, such as FIPS and an endpoint of one's own.
pub(super) async fn xray_endpoint(config: &SdkConfig) -> Result<String, String> {
    let params = Params::builder()
        .set_region(config.region().map(ToString::to_string))
        .set_use_fips(config.use_fips())
        .set_use_dual_stack(config.use_dual_stack())
        .set_endpoint(endpoint_that_is_set(config))
        .build()
        .map_err(|error| chain_of(&error))?;
    let endpoint = DefaultResolver::new().resolve_endpoint(&params).await.map_err(|error| chain_of(&*error))?;
    Ok(endpoint.url().trim_end_matches('/').to_owned())
}

/// The agent's own setting, then X-Ray's in the environment or the profile, then that of all services.
fn endpoint_that_is_set(config: &SdkConfig) -> Option<String> {
    let of_all = || config.endpoint_url().map(str::to_owned);
    if config.get_origin("endpoint_url").is_client_config() {
        return of_all();
    }
    let key = ServiceConfigKey::builder().service_id("XRay").env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok()?;
    config.service_config().and_then(|services| services.load_config(key)).or_else(of_all)
}

#[cfg(test)]
mod tests {
    use aws_config::{BehaviorVersion, Region};
    use aws_types::sdk_config::Builder;

    use super::*;

    fn config(region: &'static str) -> Builder {
        SdkConfig::builder().behavior_version(BehaviorVersion::latest()).region(Region::new(region))
    }

    #[tokio::test]
    async fn it_is_where_the_sdk_would_go() {
        let of = async |config: Builder| xray_endpoint(&config.build()).await.unwrap();
        assert_eq!(of(config("eu-central-1")).await, "https://xray.eu-central-1.amazonaws.com");
        assert_eq!(of(config("cn-north-1")).await, "https://xray.cn-north-1.amazonaws.com.cn");
        assert_eq!(of(config("us-gov-west-1").use_fips(true)).await, "https://xray-fips.us-gov-west-1.amazonaws.com");
        assert_eq!(of(config("us-east-1").use_dual_stack(true)).await, "https://xray.us-east-1.api.aws");
        assert_eq!(of(config("us-east-1").endpoint_url("http://127.0.0.1:5000/")).await, "http://127.0.0.1:5000");
    }

    #[tokio::test]
    async fn what_excludes_each_other_is_said() {
        let error = xray_endpoint(&config("us-east-1").endpoint_url("http://x").use_fips(true).build()).await.unwrap_err();
        assert!(error.contains("FIPS"), "{error}");
    }
}
