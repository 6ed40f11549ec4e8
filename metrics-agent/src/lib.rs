//! The companion agent: a drop-in X-Ray daemon that speaks OpenTelemetry too, StatsD to CloudWatch metrics, and log shipping, in one process.
//!
//! All three take the same line: intake → [`telemetry_delivery`] → a destination made with the official AWS SDK, whose own
//! repeats are off, so that delivery alone repeats and attempts never multiply. What is lost is counted by reason and shown
//! on the health port.

mod clock;

mod guard;

mod datagrams;

mod otlp_settings;

mod metrics;

mod config;

mod state;

mod check;

mod dead_letters;

mod daemon;

mod memory;

mod descriptors;

mod intake;

mod traces;

mod spool;

mod ports;

mod losses;

mod delivering;

mod health;

mod run;

/// The target of log lines that the X-Ray daemon has too, in its words: for those who look for them.
pub const DAEMON_LINES: &str = "xray_daemon";

pub use clock::timestamp;
pub use config::{Config, ConfigError, FileConfig, HealthConfig, Links, LogConfig, MetricsConfig, Spool, TracesConfig};
pub use daemon::{DAEMON_FILES, DaemonError, DaemonFileError, DaemonFlags, DaemonOptions, LogOptions, from_go};
pub use dead_letters::{DEAD_LETTERS, DeadLetter};
pub use otlp_settings::{Collector, Headers, OtlpConfig, TracesTo};
pub use ports::{Addresses, StartError};
pub use run::Agent;
pub use telemetry_aws::{AwsError, AwsSettings, NoRegion};
