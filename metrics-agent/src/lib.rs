//! The companion agent: a drop-in X-Ray daemon, StatsD to CloudWatch metrics, and log shipping, in one process.
//!
//! All three take the same line: intake → [`telemetry_delivery`] → a destination made with the official AWS SDK, whose own
//! repeats are off, so that delivery alone repeats and attempts never multiply. What is lost is counted by reason and shown
//! on the health port.

mod clock;

mod guard;

mod datagrams;

mod aws;

mod config;

mod intake;

mod metrics;

mod traces;

mod health;

mod run;

pub use aws::AwsSettings;
pub use config::{Config, ConfigError, FileConfig, HealthConfig, LogConfig, MetricsConfig, TracesConfig};
pub use run::{Addresses, Agent, StartError};
