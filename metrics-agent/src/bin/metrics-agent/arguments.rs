//! What can be typed.

#[cfg(feature = "console")]
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Parser, Subcommand};
use metrics_agent::DaemonFlags;

use crate::logging::LogFormat;

/// Receives X-Ray segments (UDP 2000), StatsD (UDP 8125) and log files, and sends them to AWS without losing any unsaid.
///
/// Takes the flags and the file of the X-Ray daemon, and is then that: metrics-agent -c /etc/amazon/xray/cfg.yaml
#[derive(Debug, Parser)]
#[command(version, disable_version_flag = true, args_override_self = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// The configuration: .toml is the agent's own, anything else the X-Ray daemon's cfg.yaml. Default: /etc/metrics-agent/config.toml, else
    /// /etc/amazon/xray/cfg.yaml, else none.
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Seconds to send what is held when stopped; the rest goes to the spool.
    #[arg(long, global = true, default_value_t = 10, value_name = "SECONDS")]
    drain: u64,
    /// Format of log lines on standard error. Colours appear only on a terminal and without NO_COLOR; RUST_LOG sets the level.
    #[arg(long, global = true, value_enum, default_value_t, env = "METRICS_AGENT_LOG_FORMAT", value_name = "FORMAT")]
    pub(crate) log_format: LogFormat,
    /// Print the version.
    #[arg(short = 'v', short_alias = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
    #[command(flatten)]
    pub(crate) daemon: DaemonFlags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Checks the configuration, says what it amounts to, and exits.
    Check,
    /// Exits with 0 if the agent of this configuration is alive (answers on its health port), else with 1; needs no shell.
    Healthcheck {
        /// Exits with 0 only if it delivers too: no signal has items that are held or lost while none was accepted for
        /// health.delivering_within seconds. For dashboards; a restart mends no outage.
        #[arg(long)]
        delivering: bool,
    },
    /// Shows what the agent of this configuration has received, sent, lost and holds.
    Status,
    /// Prints the agent's own file that does what a cfg.yaml of the X-Ray daemon does.
    Import {
        /// The cfg.yaml.
        file: PathBuf,
    },
    /// Hands the documents of a file of dead letters to the running agent of this configuration once more.
    Replay {
        /// The file: dead-letters.jsonl in the spool's folder, or one like it.
        file: PathBuf,
    },
    /// Runs with the console beside it: no AWS account, everything on one web page.
    #[cfg(feature = "console")]
    Local {
        /// Where the console listens.
        #[arg(long, default_value = "127.0.0.1:2080", value_name = "ADDRESS")]
        console: SocketAddr,
        /// Keep the console's data in this file. Without it the data goes with the process.
        #[arg(long, value_name = "FILE")]
        data: Option<PathBuf>,
    },
}

impl Arguments {
    pub(crate) const fn drain(&self) -> Duration {
        Duration::from_secs(self.drain)
    }
}
