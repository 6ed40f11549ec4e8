//! The region: the setting, the environment, the profile, then the machine.

use std::time::Duration;

use aws_config::Region;
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::meta::region::ProvideRegion as _;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use telemetry_platform::World;

use crate::settings::AwsSettings;

/// The region is not configured anywhere, and waiting would not help. The first words are the X-Ray daemon's.
#[derive(Debug, thiserror::Error)]
#[error(
    "Cannot fetch region variable from config file, environment variables, ecs metadata, or ec2 metadata. Set `aws.region` in the \
     configuration or AWS_REGION in the environment; the X-Ray daemon's flag is --region."
)]
pub struct NoRegion;

/// The time between two questions to a machine that should know.
const AGAIN: Duration = Duration::from_secs(5);

/// Finds it. On EC2 the metadata service is awaited, as the network may come up after the agent; elsewhere it is asked once.
pub(crate) async fn find(settings: &AwsSettings, http: &SharedHttpClient) -> Result<Region, NoRegion> {
    if let Some(known) = known(settings, &|name| std::env::var(name).ok()) {
        return Ok(known);
    }
    if let Some(of_profile) = ProfileFileRegionProvider::builder().build().region().await {
        return Ok(of_profile);
    }
    let is_disabled = std::env::var("AWS_EC2_METADATA_DISABLED").is_ok_and(|value| value.eq_ignore_ascii_case("true"));
    if settings.local_mode || is_disabled {
        return Err(NoRegion);
    }
    let world = World::here();
    let guess = world.guess();
    let is_awaited = guess.is_on_ec2();
    if let Some(of_task) = tokio::task::spawn_blocking(move || world.resolve(guess).region).await.ok().flatten() {
        return Ok(Region::new(of_task));
    }
    let by_http = ProviderConfig::empty().with_http_client(http.clone());
    loop {
        match ImdsRegionProvider::builder().configure(&by_http).build().region().await {
            Some(of_machine) => return Ok(of_machine),
            None if is_awaited => {
                tracing::warn!(seconds = AGAIN.as_secs(), "the metadata service does not tell the region; asking again");
                tokio::time::sleep(AGAIN).await;
            }
            None => return Err(NoRegion),
        }
    }
}

/// Returns the setting, else `AWS_REGION`, else `AWS_DEFAULT_REGION`: the order of the daemon and of the SDKs.
fn known(settings: &AwsSettings, lookup: &dyn Fn(&str) -> Option<String>) -> Option<Region> {
    let of_environment = || ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| lookup(name).filter(|region| !region.is_empty()));
    settings.region.clone().or_else(of_environment).map(Region::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_beats_the_environment() {
        let of = |set: Option<&str>, variables: &[(&str, &str)]| {
            let settings = AwsSettings { region: set.map(str::to_owned), ..AwsSettings::default() };
            let lookup = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            known(&settings, &lookup).map(|region| region.to_string())
        };
        assert_eq!(of(Some("a"), &[("AWS_REGION", "b")]).as_deref(), Some("a"));
        assert_eq!(of(None, &[("AWS_REGION", "b"), ("AWS_DEFAULT_REGION", "c")]).as_deref(), Some("b"));
        assert_eq!(of(None, &[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "c")]).as_deref(), Some("c"));
        assert_eq!(of(None, &[]), None);
    }
}
