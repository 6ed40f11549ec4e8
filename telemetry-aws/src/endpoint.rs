//! Endpoints of X-Ray and Application Signals: what the SDK's client would make of region, FIPS, dual stack and endpoints that somebody set.

use aws_sdk_xray::config::endpoint::{DefaultResolver, Params, ResolveEndpoint as _};
use aws_types::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use crate::refusal::chain_of;

/// The URL, without a slash at its end.
///
/// # Errors
/// Words on settings that exclude each other, such as FIPS and an endpoint of one's own.
pub(crate) async fn xray_endpoint(config: &SdkConfig) -> Result<String, String> {
    let params = Params::builder()
        .set_region(config.region().map(ToString::to_string))
        .set_use_fips(config.use_fips())
        .set_use_dual_stack(config.use_dual_stack())
        .set_endpoint(endpoint_that_is_set(config, "XRay"))
        .build()
        .map_err(|error| chain_of(&error))?;
    let endpoint = DefaultResolver::new().resolve_endpoint(&params).await.map_err(|error| chain_of(&*error))?;
    Ok(endpoint.url().trim_end_matches('/').to_owned())
}

/// Returns the endpoint of Application Signals, which has dual stack only.
pub(crate) fn application_signals_endpoint(config: &SdkConfig) -> Option<String> {
    let by_rule = || {
        let region = config.region()?.as_ref();
        let suffix = if region.starts_with("cn-") { "api.amazonwebservices.com.cn" } else { "api.aws" };
        Some(format!("https://application-signals.{region}.{suffix}"))
    };
    let endpoint = endpoint_that_is_set(config, "Application Signals").or_else(by_rule)?;
    Some(endpoint.trim_end_matches('/').to_owned())
}

/// The agent's own setting, then the service's in the environment or the profile, then that of all services.
fn endpoint_that_is_set(config: &SdkConfig, service: &str) -> Option<String> {
    let of_all = || config.endpoint_url().map(str::to_owned);
    if config.get_origin("endpoint_url").is_client_config() {
        return of_all();
    }
    let key = ServiceConfigKey::builder().service_id(service).env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok()?;
    config.service_config().and_then(|services| services.load_config(key)).or_else(of_all)
}

#[cfg(test)]
mod tests {
    use aws_types::region::Region;
    use aws_types::sdk_config::Builder;

    use super::*;

    fn config(region: &'static str) -> Builder {
        SdkConfig::builder().region(Region::new(region))
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

    #[test]
    fn application_signals_has_an_endpoint_in_each_partition() {
        let of = |config: Builder| application_signals_endpoint(&config.build()).unwrap();
        assert_eq!(of(config("eu-central-1")), "https://application-signals.eu-central-1.api.aws");
        assert_eq!(of(config("cn-north-1")), "https://application-signals.cn-north-1.api.amazonwebservices.com.cn");
        assert_eq!(of(config("us-east-1").endpoint_url("http://127.0.0.1:5000/")), "http://127.0.0.1:5000");
    }

    #[tokio::test]
    async fn what_excludes_each_other_is_said() {
        let error = xray_endpoint(&config("us-east-1").endpoint_url("http://x").use_fips(true).build()).await.unwrap_err();
        assert!(error.contains("FIPS"), "{error}");
    }
}
