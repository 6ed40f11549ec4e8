//! The configuration file, TOML. Everything has a default; an empty file is the X-Ray daemon with StatsD beside it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::otlp_settings::{Collector, OtlpConfig, TracesTo};
use telemetry_aws::AwsSettings;

/// Everything that can be configured.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Region, role, endpoint and proxy.
    pub aws: AwsSettings,
    /// X-Ray segments.
    pub traces: TracesConfig,
    /// OpenTelemetry's spans.
    pub otlp: OtlpConfig,
    /// StatsD.
    pub metrics: MetricsConfig,
    /// Log files; none by default.
    pub logs: LogConfig,
    /// Health and the agent's own metrics.
    pub health: HealthConfig,
}

/// X-Ray segments.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TracesConfig {
    /// Address of the UDP port for documents. Default `127.0.0.1:2000`.
    pub udp: SocketAddr,
    /// Address of the TCP port for sampling rules and for posted documents. Default `127.0.0.1:2000`.
    pub tcp: SocketAddr,
    /// A Unix socket for the same, such as `/run/metrics-agent/xray.sock`. Default: none.
    pub socket: Option<PathBuf>,
    /// The mode of the socket in octal digits. Default `0660`: its owner and its group may connect.
    pub socket_mode: String,
    /// The group of the socket, by name or number, so that applications of other users can connect. Default: the agent's own.
    pub socket_group: Option<String>,
    /// Megabytes of documents that may wait in memory; never more than a quarter of what the machine or its cgroup has. Default 64.
    pub memory: usize,
    /// Calls at once. Default 8, as the X-Ray daemon.
    pub concurrency: usize,
    /// More operations of X-Ray's that anybody who reaches the TCP port may call with the agent's credentials, by path, such as
    /// `/TraceSummaries`. `/list-instrumentation-configurations` and `/report-instrumentation-configuration-status` go to Application
    /// Signals. Default: none but what SDKs need, `/GetSamplingRules` and `/SamplingTargets`.
    pub forward: Vec<String>,
    /// The ARN of the resource that the agent runs on, for telemetry. Default: none.
    pub resource_arn: Option<String>,
    /// Mode of the spool. Default: `overflow` if `spool_folder` can be used, else `off`.
    pub spool: Option<Spool>,
    /// Folder of the spool. Default: `spool` in `$STATE_DIRECTORY`, which systemd sets, else `/var/lib/metrics-agent/spool`.
    pub spool_folder: Option<PathBuf>,
    /// Megabytes on disk; beyond, the oldest go. Default 1,024.
    pub spool_megabytes: u64,
    /// Percent that the spool may have of what is free on its disk; beyond, the oldest go. Default 25.
    pub spool_share: u8,
    /// Destination of segments. Default `xray`.
    pub to: TracesTo,
    /// The collector, with `to = "otlp"`.
    pub otlp: Collector,
}

/// Mode of the spool: the items that go to disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spool {
    /// No items. What memory has no room for is lost, and what cannot be sent when the agent stops.
    Off,
    /// Items that memory has no room for, and that cannot be sent when the agent stops. A killed agent loses what was in memory, but for posted
    /// documents that it has acknowledged.
    Overflow,
    /// Everything, within 100 ms. A killed agent loses at most that much of what came by UDP, and nothing that it has acknowledged.
    Always,
}

/// StatsD.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct MetricsConfig {
    /// Opens the port. Default yes; no if the agent is started as the X-Ray daemon.
    pub enabled: bool,
    /// Address of the UDP port for lines. Default `127.0.0.1:8125`.
    pub statsd: SocketAddr,
    /// The CloudWatch namespace. Default `StatsD`.
    pub namespace: String,
    /// Seconds that are aggregated; below 60 the metrics are high-resolution. Default 60.
    pub interval: u64,
    /// Dimensions on every metric, beside the lines' own tags. One of these wins over a tag of its name; of two tags of one name the last
    /// wins. Default: none.
    pub dimensions: BTreeMap<String, String>,
    /// Distinct metrics per interval; each costs money. A new one takes the place of the gauge that was idle for longest; without one it is
    /// counted and dropped. Default 10,000.
    pub max_series: usize,
}

/// Log files.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LogConfig {
    /// Folder of positions. Default: `logs` in `$STATE_DIRECTORY`, which systemd sets, else `/var/lib/metrics-agent/logs`.
    pub state: Option<PathBuf>,
    /// Sets of files, each with its log group.
    pub files: Vec<FileConfig>,
}

/// One set of files that goes to one log group.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FileConfig {
    /// Patterns of paths, such as `/var/log/app/*.log`.
    pub paths: Vec<String>,
    /// The log group, made if it is not there.
    pub group: String,
    /// The log stream, made if it is not there. Default: the host's name.
    #[serde(default)]
    pub stream: Option<String>,
    /// Policy for symbolic links: `always` or `never`. Default: links in a folder that only root or the agent's user may write
    /// to, and links that have one owner with their target.
    #[serde(default)]
    pub follow_links: Option<Links>,
    /// The zone of times without an offset: `UTC`, `local`, `+01:00` or a name such as `Europe/Berlin`. Default: none, and a time
    /// without an offset is not read.
    #[serde(default)]
    pub timezone: Option<String>,
}

/// Policy for symbolic links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Links {
    /// All links, also those that other users made.
    Always,
    /// No links at all.
    Never,
}

impl FileConfig {
    /// Files that go to a group, in a stream of this name.
    #[must_use]
    pub fn new(paths: Vec<String>, group: impl Into<String>, stream: impl Into<String>) -> Self {
        Self { paths, group: group.into(), stream: Some(stream.into()), follow_links: None, timezone: None }
    }
}

/// The health port.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct HealthConfig {
    /// Address at which `/healthz`, `/healthz/delivering`, `/status` and `/metrics` are served. Default `127.0.0.1:2001`.
    pub listen: SocketAddr,
    /// Seconds after which `/healthz/delivering` answers 503 because items of a signal are held or lost and none was accepted. Default 120.
    pub delivering_within: u64,
    /// Whether the agent starts without it if the port is taken, as who replaces the X-Ray daemon has not asked for it.
    #[serde(skip)]
    pub is_optional: bool,
}

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

impl Default for TracesConfig {
    fn default() -> Self {
        Self {
            udp: loopback(2000),
            tcp: loopback(2000),
            socket: None,
            socket_mode: "0660".into(),
            socket_group: None,
            memory: 64,
            concurrency: 8,
            forward: Vec::new(),
            resource_arn: None,
            spool: None,
            spool_folder: None,
            spool_megabytes: 1_024,
            spool_share: 25,
            to: TracesTo::Xray,
            otlp: Collector::default(),
        }
    }
}

impl Default for OtlpConfig {
    fn default() -> Self {
        let (http, grpc) = (loopback(4318), loopback(4317));
        Self { enabled: None, http, grpc, indexed: Vec::new(), index_all: false, is_optional: false }
    }
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            statsd: loopback(8125),
            namespace: "StatsD".into(),
            interval: 60,
            dimensions: BTreeMap::new(),
            max_series: 10_000,
        }
    }
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self { listen: loopback(2001), delivering_within: 120, is_optional: false }
    }
}

/// Error of a configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{0}: {1}")]
    Read(PathBuf, std::io::Error),
    /// The file is no TOML of ours; the message has line and column.
    #[error("{0}: {1}{hint}", hint = hint(.1))]
    Parse(PathBuf, toml::de::Error),
    /// A value is out of range.
    #[error("{0}: {1}")]
    Value(PathBuf, String),
}

/// Adds an example to the parser's text on addresses.
fn hint(error: &toml::de::Error) -> &'static str {
    let is_address = error.message().contains("socket address");
    if is_address { "expected an IP address and a port, such as 127.0.0.1:8125 or [::1]:8125\n" } else { "" }
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// Names the file, and the line or the field.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Read(path.to_owned(), error))?;
        let config: Self = toml::from_str(&text).map_err(|error| ConfigError::Parse(path.to_owned(), error))?;
        match config.mistake() {
            None => Ok(config),
            Some(mistake) => Err(ConfigError::Value(path.to_owned(), mistake)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        Config::read(&path).map_err(|error| error.to_string().replace(&folder.path().display().to_string(), ""))
    }

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(read(""), Ok(Config::default()));
    }

    #[test]
    fn a_whole_file_is_read() {
        let config = read(
            r#"
            [aws]
            region = "eu-west-1"
            [traces]
            udp = "0.0.0.0:2000"
            [metrics]
            namespace = "Shop"
            dimensions = { Stage = "test" }
            [[logs.files]]
            paths = ["/var/log/shop/*.log"]
            group = "/shop/app"
            "#,
        )
        .unwrap();
        assert_eq!((config.traces.udp.port(), &*config.metrics.namespace, config.logs.files.len()), (2000, "Shop", 1));
    }

    #[test]
    fn mistakes_name_file_and_place() {
        for (text, message) in [
            ("[traces]\nudq = \"127.0.0.1:1\"", "unknown field `udq`"),
            ("[traces]\nudp = \"localhost\"", "invalid socket address"),
            ("[traces\n", "line 1"),
            ("[aws]\nregion = \"\"", "aws.region is empty"),
            ("[aws]\nproxy = \"htps://proxy:3128\"", "aws.proxy is `htps://proxy:3128`, expected http://"),
            ("[traces.otlp]\nendpoint = \"collector:4318\"", "traces.otlp.endpoint is `collector:4318`"),
            ("[traces.otlp]\nheaders = { \"a key\" = \"v\" }", "traces.otlp.headers: `a key`"),
            ("[traces]\nto = \"jaeger\"", "unknown variant `jaeger`"),
            ("[metrics]\ndimensions = { Stage = \"\" }", "metrics.dimensions has `Stage` = ``"),
            ("[metrics]\ndimensions = { \":a\" = \"b\" }", "metrics.dimensions has `:a`"),
            ("[metrics]\ndimensions = { a = \"caf\u{e9}\" }", "metrics.dimensions has `a`"),
            ("[metrics]\nnamespace = \" \"", "metrics.namespace is ` `"),
            ("[metrics]\nnamespace = \"a\\nb\"", "metrics.namespace is `a\nb`"),
            ("[aws]\nregion = \"Frankfurt\"", "aws.region is `Frankfurt`, expected the name of a region"),
            ("[aws]\nrole_arn = \"not-an-arn\"", "aws.role_arn is `not-an-arn`"),
            ("[health]\nlisten = \"127.0.0.1:2000\"", "traces.tcp and health.listen are both 127.0.0.1:2000"),
            ("[metrics]\nstatsd = \"0.0.0.0:2000\"", "traces.udp and metrics.statsd are both"),
            ("[metrics]\nstatsd = \"localhost:8125\"", "such as 127.0.0.1:8125"),
            ("[[logs.files]]\npaths = [\"app.log\"]\ngroup = \"/a\"", "logs.files[0].paths: `app.log` is relative"),
            ("[[logs.files]]\npaths = [\"/a[\"]\ngroup = \"/a\"", "the pattern `/a[`"),
            (
                "[[logs.files]]\npaths = [\"/a\"]\ngroup = \"/a\"\nstream = \"{instance_id}\"",
                "logs.files[0].stream: `{instance_id}` has a placeholder",
            ),
            ("[[logs.files]]\npaths = [\"/a\"]\ngroup = \"/a\"\ntimezone = \"Berlin\"", "the time zone `Berlin` is unknown"),
            ("[traces]\nsocket_mode = \"rw\"", "traces.socket_mode is `rw`"),
            ("[traces]\nforward = [\"/../x\"]", "traces.forward has `/../x`"),
            ("[traces]\nspool_share = 0", "traces.spool_share is 0"),
            ("[metrics]\nnamespace = \"AWS/EC2\"", "metrics.namespace is `AWS/EC2`"),
            ("[metrics]\ninterval = 0", "metrics.interval is 0"),
            ("[[logs.files]]\npaths = []\ngroup = \"g\"", "logs.files[0].paths"),
            ("[[logs.files]]\npaths = [\"/a\"]\ngroup = \"a b\"", "logs.files[0].group"),
            ("[[logs.files]]\npaths = [\"/a\"]\ngroup = \"g\"\nstream = \"web:1\"", "logs.files[0].stream"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with("/config.toml: ") && error.contains(message), "{text}: {error}");
        }
    }
}
