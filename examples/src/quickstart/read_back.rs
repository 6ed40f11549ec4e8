//! Reads back what arrived, through the public APIs with the official clients, and compares it with what was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_cloudwatch::types::{Dimension, Statistic};
use aws_smithy_types::DateTime;
use telemetry_wire::{Document, SegmentId};

use crate::AnyError;
use crate::shop::{LOG_GROUP, NAMESPACE, Sent};

/// Sent and read, side by side.
#[derive(Debug, Default)]
pub(crate) struct ReadBack {
    segments_sent: BTreeSet<SegmentId>,
    segments_read: BTreeSet<SegmentId>,
    traces: usize,
    metrics: BTreeMap<&'static str, (f64, f64)>,
    lines_sent: u64,
    lines_read: BTreeSet<u64>,
}

/// The configuration of a client that reads from the console.
pub(crate) async fn client_config(endpoint: &str) -> SdkConfig {
    let credentials = aws_sdk_xray::config::Credentials::new("local", "local", None, None, "quickstart");
    aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials)
        .load()
        .await
}

impl ReadBack {
    pub(crate) async fn read(endpoint: &str, sent: &Sent) -> Result<Self, AnyError> {
        let config = client_config(endpoint).await;
        let mut report = Self { lines_sent: sent.lines(), ..Self::default() };
        report.segments_sent = sent.segments().into_iter().map(|(_, id)| id).collect();
        report.read_segments(&aws_sdk_xray::Client::new(&config)).await?;
        report.read_metrics(&aws_sdk_cloudwatch::Client::new(&config), sent).await?;
        report.read_lines(&aws_sdk_cloudwatchlogs::Client::new(&config)).await?;
        Ok(report)
    }

    pub(crate) fn is_equal(&self) -> bool {
        let lines_sent: BTreeSet<u64> = (0..self.lines_sent).collect();
        let metrics = self.metrics.values().all(|(sent, read)| (sent - read).abs() < 1e-6);
        self.segments_sent == self.segments_read && metrics && lines_sent == self.lines_read
    }

    async fn read_segments(&mut self, client: &aws_sdk_xray::Client) -> Result<(), AnyError> {
        let (from, to) = window();
        let mut token = None;
        let mut ids = Vec::new();
        loop {
            let page = client.get_trace_summaries().start_time(from).end_time(to).set_next_token(token).send().await?;
            ids.extend(page.trace_summaries().iter().filter_map(|summary| summary.id().map(str::to_owned)));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        self.traces = ids.len();
        for ids in ids.chunks(5) {
            let answer = client.batch_get_traces().set_trace_ids(Some(ids.to_vec())).send().await?;
            for segment in answer.traces().iter().flat_map(|trace| trace.segments()) {
                let document = Document::parse(segment.document().unwrap_or_default().as_bytes())?;
                if !document.inferred {
                    self.segments_read.insert(document.id);
                }
            }
        }
        Ok(())
    }

    async fn read_metrics(&mut self, client: &aws_sdk_cloudwatch::Client, sent: &Sent) -> Result<(), AnyError> {
        let (from, to) = window();
        for (name, sent) in sent.metrics() {
            let call = client.get_metric_statistics().namespace(NAMESPACE).metric_name(name).set_dimensions(None::<Vec<Dimension>>);
            let answer = call.start_time(from).end_time(to).period(60).statistics(Statistic::Sum).send().await?;
            let read = answer.datapoints().iter().filter_map(|point| point.sum()).sum();
            self.metrics.insert(name, (sent, read));
        }
        Ok(())
    }

    async fn read_lines(&mut self, client: &aws_sdk_cloudwatchlogs::Client) -> Result<(), AnyError> {
        let mut token = None;
        loop {
            let page = client.filter_log_events().log_group_name(LOG_GROUP).set_next_token(token).send().await?;
            for event in page.events() {
                let line: serde_json::Value = serde_json::from_str(event.message().unwrap_or_default())?;
                self.lines_read.extend(line["line"].as_u64());
            }
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(());
            }
        }
    }
}

/// The last quarter of an hour, and the next minute.
pub(crate) fn window() -> (DateTime, DateTime) {
    let now = SystemTime::now();
    (DateTime::from(now - Duration::from_secs(900)), DateTime::from(now + Duration::from_secs(60)))
}

impl fmt::Display for ReadBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:<44}{:>12}{:>12}", "", "sent", "read back")?;
        let missing = self.segments_sent.difference(&self.segments_read).count();
        let unknown = self.segments_read.difference(&self.segments_sent).count();
        let differences = format!("segments by id ({} traces, {missing} missing, {unknown} unknown)", self.traces);
        writeln!(f, "{differences:<44}{:>12}{:>12}", self.segments_sent.len(), self.segments_read.len())?;
        for (name, (sent, read)) in &self.metrics {
            writeln!(f, "{:<44}{sent:>12}{read:>12}", format!("metric by sum: {name}"))?;
        }
        writeln!(f, "{:<44}{:>12}{:>12}", "log lines by id", self.lines_sent, self.lines_read.len())?;
        write!(f, "\n{}", if self.is_equal() { "equal: nothing was lost" } else { "NOT EQUAL" })
    }
}
