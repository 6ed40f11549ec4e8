//! [`DaemonOptions`]: flags over file over defaults.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};

use clap::{Args, builder::BoolishValueParser};

use super::file::{DaemonFile, DaemonFileError};
use crate::check::is_web_address;
use crate::config::Config;

/// The flags of the X-Ray daemon. With one of them, or with its `cfg.yaml`, the agent opens 2000 and 2001 and nothing else.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[command(next_help_heading = "The X-Ray daemon's options; each in its short form too, with one dash or two")]
pub struct DaemonFlags {
    /// ARN of the AWS resource that runs the agent, for telemetry.
    #[arg(short = 'a', long, value_name = "ARN")]
    pub resource_arn: Option<String>,
    /// Do not ask EC2's metadata service; the region comes from the environment or the profile.
    #[arg(short = 'o', long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub local_mode: Option<bool>,
    /// Megabytes of segments that may wait in memory, at least 3; 0 is the default.
    #[arg(short = 'm', long, value_name = "MB", allow_negative_numbers = true)]
    pub buffer_memory: Option<i64>,
    /// The region to send to.
    #[arg(short = 'n', long, value_name = "REGION")]
    pub region: Option<String>,
    /// Where segments arrive by UDP. Default: 127.0.0.1:2000.
    #[arg(short = 'b', long, value_name = "ADDRESS")]
    pub bind: Option<String>,
    /// Where SDKs ask for sampling rules by TCP. Default: 127.0.0.1:2000.
    #[arg(short = 't', long, value_name = "ADDRESS")]
    pub bind_tcp: Option<String>,
    /// The role to send with, in another account too.
    #[arg(short = 'r', long, value_name = "ARN")]
    pub role_arn: Option<String>,
    /// The external id that the role asks for; the daemon has no such flag.
    #[arg(long, value_name = "ID")]
    pub external_id: Option<String>,
    /// Log to this file; it is rotated at 50 MB, and one old one is kept.
    #[arg(short = 'f', long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// dev, debug, info, warn, error or prod, which is info.
    #[arg(short = 'l', long, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// The HTTP proxy to send through. Default: $HTTPS_PROXY.
    #[arg(short = 'p', long, value_name = "URL")]
    pub proxy_address: Option<String>,
}

/// What the daemon would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonOptions {
    file: DaemonFile,
    flags: DaemonFlags,
}

/// Where log lines go, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// The file; none is standard output, as the daemon has it.
    pub file: Option<PathBuf>,
    /// Whether the file is rotated at 50 MB.
    pub rotates: bool,
    /// `trace`, `debug`, `info`, `warn` or `error`.
    pub level: &'static str,
}

/// Why the daemon would not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DaemonError {
    /// The file.
    #[error(transparent)]
    File(#[from] DaemonFileError),
    /// Less memory than the daemon takes.
    #[error("Not enough Buffers Memory Allocated. Min Buffers Memory required: 3 MB.")]
    Memory,
    /// An address that is none.
    #[error("{flag} is `{address}`, expected host:port or :port: {error}")]
    Address {
        /// The flag.
        flag: &'static str,
        /// What was given.
        address: String,
        /// The system's error.
        error: std::io::Error,
    },
    /// The proxy's address has no scheme, or is no address.
    #[error("Bad proxy URL: {0}")]
    Proxy(String),
}

impl DaemonOptions {
    /// Reads the file, if there is one. `is_named` says that it was named on the command line: its keys are then checked.
    ///
    /// # Errors
    /// Names the file, the line and the key.
    pub fn read(flags: DaemonFlags, file: Option<&Path>, is_named: bool) -> Result<Self, DaemonError> {
        let file = file.map(|path| DaemonFile::read(path, is_named)).transpose()?.unwrap_or_default();
        Ok(Self { file, flags })
    }

    /// Where log lines go. An unknown level is `info`, as in the daemon.
    #[must_use]
    pub fn log(&self) -> LogOptions {
        let level = self.flags.log_level.as_deref().or(self.file.log_level.as_deref()).unwrap_or("prod");
        LogOptions {
            file: self.flags.log_file.clone().or_else(|| self.file.log_path.clone().map(PathBuf::from)),
            rotates: self.file.log_rotation.unwrap_or(true),
            level: match level {
                "dev" | "trace" => "trace",
                "debug" => "debug",
                "warn" => "warn",
                "error" => "error",
                _ => "info",
            },
        }
    }

    /// Sets what the daemon has, and turns off what it has not.
    ///
    /// # Errors
    /// When an address is none, the proxy is none, or the memory is less than the daemon takes.
    pub fn apply(&self, config: &mut Config) -> Result<(), DaemonError> {
        let (file, flags) = (&self.file, &self.flags);
        config.metrics.enabled = false;
        config.health.is_optional = true;
        config.logs.files.clear();
        if let Some(megabytes) = flags
            .buffer_memory
            .and_then(|megabytes| u64::try_from(megabytes).ok())
            .filter(|&megabytes| megabytes > 0)
            .or(file.buffer_megabytes)
        {
            if megabytes < 3 {
                return Err(DaemonError::Memory);
            }
            config.traces.memory = usize::try_from(megabytes).unwrap_or(usize::MAX >> 20);
        }
        if let Some(calls) = file.concurrency {
            config.traces.concurrency = usize::try_from(calls).unwrap_or(usize::MAX);
        }
        set(&mut config.traces.udp, "--bind", flags.bind.as_ref().or(file.udp.as_ref()))?;
        set(&mut config.traces.tcp, "--bind-tcp", flags.bind_tcp.as_ref().or(file.tcp.as_ref()))?;
        let either = |flag: &Option<String>, key: &Option<String>| flag.clone().filter(|text| !text.is_empty()).or_else(|| key.clone());
        let aws = &mut config.aws;
        aws.region = either(&flags.region, &file.region);
        aws.endpoint.clone_from(&file.endpoint);
        aws.role_arn = either(&flags.role_arn, &file.role_arn);
        aws.external_id = either(&flags.external_id, &file.external_id);
        aws.proxy = either(&flags.proxy_address, &file.proxy).map(checked_proxy).transpose()?;
        aws.no_verify_ssl = file.no_verify_ssl.unwrap_or(false);
        aws.local_mode = flags.local_mode.or(file.local_mode).unwrap_or(false);
        config.traces.resource_arn = either(&flags.resource_arn, &file.resource_arn);
        Ok(())
    }
}

/// The daemon's addresses may have names, and no host at all, which means all.
fn set(address: &mut SocketAddr, flag: &'static str, text: Option<&String>) -> Result<(), DaemonError> {
    let Some(text) = text else { return Ok(()) };
    let whole = if text.starts_with(':') { format!("0.0.0.0{text}") } else { text.clone() };
    let failed = |error| DaemonError::Address { flag, address: text.clone(), error };
    let found: Vec<SocketAddr> = whole.to_socket_addrs().map_err(failed)?.collect();
    // `localhost` is both, and SDKs send to 127.0.0.1; Go prefers it too.
    let preferred = found.iter().find(|address| address.is_ipv4()).or(found.first());
    *address = *preferred.ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
    Ok(())
}

fn checked_proxy(proxy: String) -> Result<String, DaemonError> {
    if is_web_address(&proxy) { Ok(proxy) } else { Err(DaemonError::Proxy(proxy)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(change: impl FnOnce(&mut DaemonFlags)) -> DaemonFlags {
        let mut flags = DaemonFlags::default();
        change(&mut flags);
        flags
    }

    fn config(flags: DaemonFlags, file: &str) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cfg.yaml");
        std::fs::write(&path, file).unwrap();
        let options = DaemonOptions::read(flags, Some(&path), true).map_err(|error| error.to_string())?;
        let mut config = Config::default();
        options.apply(&mut config).map_err(|error| error.to_string())?;
        Ok(config)
    }

    #[test]
    fn flags_beat_the_file_and_nothing_but_traces_is_on() {
        let file = "Version: 2\nRegion: eu-west-1\nConcurrency: 3\nSocket:\n  UDPAddress: 127.0.0.1:3000\n";
        let config = config(flags(|flags| flags.region = Some("us-east-2".into())), file).unwrap();
        assert_eq!(config.aws.region.as_deref(), Some("us-east-2"));
        assert_eq!((config.traces.concurrency, config.traces.udp.port(), config.traces.tcp.port()), (3, 3000, 2000));
        assert!(!config.metrics.enabled && config.logs.files.is_empty());
    }

    #[test]
    fn addresses_may_be_names_and_ports() {
        let with = |address: &str| config(flags(|flags| flags.bind = Some(address.into())), "Version: 1\n");
        assert_eq!(with(":4000").unwrap().traces.udp, "0.0.0.0:4000".parse().unwrap());
        assert_eq!(with("localhost:4000").unwrap().traces.udp, "127.0.0.1:4000".parse().unwrap());
        assert_eq!(with("[::1]:4000").unwrap().traces.udp, "[::1]:4000".parse().unwrap());
        assert!(with("nothing").unwrap_err().starts_with("--bind is `nothing`, expected host:port or :port"));
    }

    #[test]
    fn what_the_daemon_refuses_is_refused_in_its_words() {
        let memory = |megabytes| config(flags(|flags| flags.buffer_memory = Some(megabytes)), "Version: 1\n");
        assert_eq!(memory(2).unwrap_err(), "Not enough Buffers Memory Allocated. Min Buffers Memory required: 3 MB.");
        assert_eq!(memory(3).unwrap().traces.memory, 3);
        assert_eq!(memory(0).unwrap().traces.memory, Config::default().traces.memory);
        let proxy = config(flags(|flags| flags.proxy_address = Some("proxy:3128".into())), "Version: 1\n");
        assert_eq!(proxy.unwrap_err(), "Bad proxy URL: proxy:3128");
        assert_eq!(memory(-1).unwrap().traces.memory, Config::default().traces.memory);
    }

    #[test]
    fn levels_are_the_daemons() {
        let level = |text: &str| {
            DaemonOptions { file: DaemonFile::default(), flags: flags(|flags| flags.log_level = Some(text.into())) }.log().level
        };
        assert_eq!(["dev", "debug", "prod", "warn", "error", "loud"].map(level), ["trace", "debug", "info", "warn", "error", "info"]);
    }
}
