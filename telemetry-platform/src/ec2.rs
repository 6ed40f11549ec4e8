//! EC2: the machine's board says that it is one, the instance metadata service (version 2) which one.

use serde::Deserialize;

use crate::fetch::Fetch;
use crate::platform::{Ec2, Platform};
use crate::world::World;

/// Where the service is unless a variable says otherwise.
const ENDPOINT: &str = "http://169.254.169.254";
/// The two variables that official SDKs know.
const VARIABLES: [&str; 2] = ["AWS_EC2_METADATA_SERVICE_ENDPOINT", "IMDS_ENDPOINT"];
/// Instances of the Nitro system write their id here.
const ASSET_TAG: &str = "/sys/class/dmi/id/board_asset_tag";
const VENDOR: &str = "/sys/class/dmi/id/sys_vendor";
/// Instances of the Xen system have `ec2` in front.
const XEN_UUID: &str = "/sys/hypervisor/uuid";

pub(crate) fn is_here(world: &World) -> bool {
    let begins = |path: &str, with: &str| world.text(path).is_some_and(|text| text.to_ascii_lowercase().starts_with(with));
    VARIABLES.iter().any(|name| world.variable(name).is_some()) || begins(VENDOR, "amazon ec2") || begins(XEN_UUID, "ec2")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    instance_id: Option<String>,
    availability_zone: Option<String>,
    instance_type: Option<String>,
    image_id: Option<String>,
    region: Option<String>,
    account_id: Option<String>,
}

/// Version 1, without a token, is not asked: where version 2 does not answer, such as beyond the hop limit, the board has to do.
pub(crate) fn resolve(world: &World, fetch: &Fetch, platform: &mut Platform) {
    let identity = (!is_disabled(world)).then(|| ask(world, fetch)).flatten();
    let of_board = || world.text(ASSET_TAG).map(|tag| tag.trim().to_owned()).filter(|tag| tag.starts_with("i-"));
    match identity {
        Some(identity) => {
            platform.region = platform.region.take().or(identity.region);
            platform.account_id = platform.account_id.take().or(identity.account_id);
            platform.ec2 = Some(Ec2 {
                instance_id: identity.instance_id,
                availability_zone: identity.availability_zone,
                instance_size: identity.instance_type,
                ami_id: identity.image_id,
            });
        }
        None => platform.ec2 = of_board().map(|id| Ec2 { instance_id: Some(id), ..Ec2::default() }),
    }
}

fn is_disabled(world: &World) -> bool {
    world.variable("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

fn ask(world: &World, fetch: &Fetch) -> Option<Identity> {
    let endpoint = VARIABLES.iter().find_map(|name| world.variable(name)).unwrap_or_else(|| ENDPOINT.to_owned());
    let endpoint = endpoint.trim_end_matches('/');
    let endpoint = if endpoint.contains("://") { endpoint.to_owned() } else { format!("http://{endpoint}") };
    let token = fetch.put(&format!("{endpoint}/latest/api/token"), ("X-aws-ec2-metadata-token-ttl-seconds", "60"))?;
    let document =
        fetch.get(&format!("{endpoint}/latest/dynamic/instance-identity/document"), Some(("X-aws-ec2-metadata-token", token.trim())))?;
    serde_json::from_str(&document).ok()
}
