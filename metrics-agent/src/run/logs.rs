//! [`LogsLine`]: from log files to PutLogEvents.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use log_shipper::{Settings, Shipper};
use telemetry_delivery::{Drain, Ledger};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::check::log_source;
use crate::config::LogConfig;
use crate::ports::StartError;
use crate::{descriptors, state};

/// Time that the shipper before has to send what it read; the next one reads the rest again.
const HAND_OVER: Duration = Duration::from_secs(2);

/// A shipper, if there are files.
#[derive(Debug)]
pub(super) struct LogsLine {
    ledger: Arc<Ledger>,
    running: Option<(Drain, JoinHandle<()>)>,
    /// The folder of its journal.
    state: Option<PathBuf>,
}

impl LogsLine {
    /// Reads nothing yet.
    pub(super) const fn new(ledger: Arc<Ledger>) -> Self {
        Self { ledger, running: None, state: None }
    }

    /// Ships what the configuration names, in the place of what ran before. A mistake leaves that running.
    ///
    /// Positions are those of now only when what ran before has ended, and its journal is locked until then.
    pub(super) async fn ship(&mut self, logs: &LogConfig, aws: &SdkConfig) -> Result<(), StartError> {
        let next = settings(logs)?;
        let is_elsewhere = next.as_ref().is_some_and(|next| self.state.as_ref() != Some(&next.state));
        let open = |next: Settings| Shipper::open(next, aws, Arc::clone(&self.ledger));
        let opened = if is_elsewhere { next.clone().map(open).transpose()? } else { None };
        self.end(Instant::now() + HAND_OVER).await;
        let open = |next: Settings| Shipper::open(next, aws, Arc::clone(&self.ledger));
        self.state = next.as_ref().map(|next| next.state.clone());
        let shipper = if opened.is_some() { opened } else { next.map(open).transpose()? };
        self.running = shipper.map(|shipper| {
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

/// Returns the shipper's settings, or none without files.
fn settings(logs: &LogConfig) -> Result<Option<Settings>, StartError> {
    if logs.files.is_empty() {
        return Ok(None);
    }
    let sources = logs.files.iter().map(log_source).collect::<Result<_, _>>()?;
    let mut settings = Settings::new(sources, logs.state.clone().unwrap_or_else(|| state::folder("logs")));
    settings.max_open = descriptors::for_log_files();
    settings.check()?;
    Ok(Some(settings))
}
