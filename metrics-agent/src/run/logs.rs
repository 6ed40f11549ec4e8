//! [`LogsLine`]: from log files to PutLogEvents.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use telemetry_delivery::{Drain, Ledger};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::config::LogConfig;
use crate::ports::StartError;

/// Where positions are kept without configuration.
const STATE: &str = "/var/lib/metrics-agent/logs";
/// What is not sent by then is read again by the next.
const HAND_OVER: Duration = Duration::from_secs(2);

/// A shipper, if there are files.
#[derive(Debug)]
pub(super) struct LogsLine {
    ledger: Arc<Ledger>,
    running: Option<(Drain, JoinHandle<()>)>,
}

impl LogsLine {
    /// Reads nothing yet.
    pub(super) const fn new(ledger: Arc<Ledger>) -> Self {
        Self { ledger, running: None }
    }

    /// Ships what the configuration names, in the place of what ran before. A mistake leaves that running.
    pub(super) async fn ship(&mut self, logs: &LogConfig, aws: &SdkConfig) -> Result<(), StartError> {
        let next = shipper(logs, aws, &self.ledger)?;
        self.end(Instant::now() + HAND_OVER).await;
        // What was read and not sent is read once more: the positions have to be those of now.
        let next = if next.is_some() { shipper(logs, aws, &self.ledger)? } else { None };
        self.running = next.map(|shipper| {
            let (drain, signal) = Drain::new();
            (drain, tokio::spawn(shipper.run(signal)))
        });
        Ok(())
    }

    /// Sends what has been read until the deadline.
    pub(super) async fn end(&mut self, deadline: Instant) {
        let Some((drain, shipper)) = self.running.take() else { return };
        drain.begin(deadline);
        if let Err(error) = shipper.await {
            tracing::error!(%error, "the shipping of logs ended badly");
        }
    }
}

fn shipper(logs: &LogConfig, aws: &SdkConfig, ledger: &Arc<Ledger>) -> Result<Option<log_shipper::Shipper>, StartError> {
    if logs.files.is_empty() {
        return Ok(None);
    }
    let source = |files: &crate::FileConfig| log_shipper::Source::new(files.paths.clone(), &files.group, files.stream.as_deref());
    let sources = logs.files.iter().map(source).collect();
    let state = logs.state.clone().unwrap_or_else(|| STATE.into());
    Ok(Some(log_shipper::Shipper::open(log_shipper::Settings::new(sources, state), aws, Arc::clone(ledger))?))
}
