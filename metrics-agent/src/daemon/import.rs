//! `cfg.yaml` as the agent's own file.

use std::fmt::Write as _;
use std::net::SocketAddr;

use toml::{Table, Value};

use super::options::DaemonOptions;
use crate::config::{Config, TracesConfig};

impl DaemonOptions {
    /// Our file that does the same: what differs from our defaults, and a comment for what has no key.
    #[must_use]
    pub fn to_toml(&self, config: &Config) -> String {
        let (aws, traces) = (&config.aws, &config.traces);
        let mut text =
            String::from("# Made by `metrics-agent import`. The X-Ray daemon has no StatsD; remove the line below to have it.\n");
        let texts = [
            ("region", &aws.region),
            ("endpoint", &aws.endpoint),
            ("role_arn", &aws.role_arn),
            ("external_id", &aws.external_id),
            ("proxy", &aws.proxy),
        ];
        let mut of_aws = Table::new();
        of_aws.extend(texts.into_iter().filter_map(|(key, value)| Some((key.to_owned(), Value::from(value.clone()?)))));
        let switches = [("no_verify_ssl", aws.no_verify_ssl), ("local_mode", aws.local_mode)];
        of_aws.extend(switches.into_iter().filter(|(_, is_on)| *is_on).map(|(key, is_on)| (key.to_owned(), Value::from(is_on))));
        let mut of_traces = Table::new();
        of_traces.extend(
            of(traces).into_iter().zip(of(&Config::default().traces)).filter(|(ours, default)| ours != default).map(|(ours, _)| ours),
        );
        of_traces.extend(traces.resource_arn.iter().map(|arn| ("resource_arn".to_owned(), Value::from(arn.clone()))));
        for (name, table) in [("aws", of_aws), ("traces", of_traces)] {
            if !table.is_empty() {
                let _writing_to_a_text_never_fails = write!(text, "\n[{name}]\n{table}");
            }
        }
        text.push_str("\n[metrics]\nenabled = false\n");
        if let Some(file) = self.log().file {
            let _writing_to_a_text_never_fails = writeln!(
                text,
                "\n# Logging.LogPath {}: log lines go to standard error here, where systemd and containers take them.",
                file.display()
            );
        }
        if self.log().level != "info" {
            let level = self.log().level;
            let _writing_to_a_text_never_fails = writeln!(text, "\n# Logging.LogLevel: set RUST_LOG={level} in the agent's environment.");
        }
        if self.log().file.is_some() {
            text.push_str("\n# Logging.LogRotation: the journal of systemd and the log drivers of containers rotate.\n");
        }
        text
    }
}

/// What has a default that is not nothing.
fn of(traces: &TracesConfig) -> [(String, Value); 4] {
    let number = |number: usize| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
    let address = |address: SocketAddr| Value::from(address.to_string());
    [
        ("udp", address(traces.udp)),
        ("tcp", address(traces.tcp)),
        ("memory", number(traces.memory)),
        ("concurrency", number(traces.concurrency)),
    ]
    .map(|(key, value)| (key.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::DaemonFlags;

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let yaml = "Version: 2\nRegion: eu-west-1\nTotalBufferSizeMB: 16\nRoleARN: \"arn:aws:iam::123456789012:role/x\"\nNoVerifySSL: true\n\
                    Socket:\n  UDPAddress: 0.0.0.0:2000\nLogging:\n  LogPath: /var/log/xray.log\n";
        let options = DaemonOptions::read(DaemonFlags::default(), Some(&write("cfg.yaml", yaml)), true).unwrap();
        let mut config = Config::default();
        options.apply(&mut config).unwrap();
        let text = options.to_toml(&config);
        let read = Config::read(&write("config.toml", &text)).unwrap();
        assert_eq!((&read.aws, &read.traces, read.metrics.enabled), (&config.aws, &config.traces, false));
        assert!(text.contains("# Logging.LogPath /var/log/xray.log"));
        assert!(!text.contains("concurrency"), "defaults stay ours: {text}");
    }
}
