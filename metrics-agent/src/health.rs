//! `/healthz`, and the agent's own metrics as Prometheus text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use telemetry_delivery::{Ledger, LedgerSnapshot, LossReason};

use crate::delivering::Delivering;
use crate::guard::{refuse_browsers, refuse_foreign_hosts};
use crate::intake::{IntakeCounters, kernel_drops};
use crate::metrics::StatsdCounters;
use crate::traces::Failures;

/// What there is to tell.
#[derive(Debug)]
pub(crate) struct Vitals {
    pub(crate) intake: Arc<IntakeCounters>,
    pub(crate) statsd: Arc<StatsdCounters>,
    pub(crate) failures: Arc<Failures>,
    /// By signal: `traces`, `metrics`, `logs`.
    pub(crate) ledgers: Vec<(&'static str, Arc<Ledger>)>,
    pub(crate) udp_ports: Vec<u16>,
    pub(crate) delivering: Arc<Delivering>,
}

/// The port's routes.
pub(crate) fn health_routes(vitals: Arc<Vitals>, is_on_loopback: bool) -> Router {
    let routes = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/healthz/delivering", get(|State(vitals): State<Arc<Vitals>>| async move { vitals.delivering() }))
        .route("/status", get(|State(vitals): State<Arc<Vitals>>| async move { Json(vitals.status()) }))
        .route("/metrics", get(|State(vitals): State<Arc<Vitals>>| async move { vitals.prometheus() }))
        .layer(middleware::from_fn(refuse_browsers))
        .with_state(vitals);
    if is_on_loopback { routes.layer(middleware::from_fn(refuse_foreign_hosts)) } else { routes }
}

impl Vitals {
    fn delivering(&self) -> (StatusCode, String) {
        match &*self.delivering.stuck() {
            [] => (StatusCode::OK, "delivering\n".into()),
            stuck => (StatusCode::SERVICE_UNAVAILABLE, format!("not delivering: {}\n", stuck.join(", "))),
        }
    }

    /// What `metrics-agent status` shows.
    fn status(&self) -> Value {
        let signals = self.ledgers.iter().map(|(signal, ledger)| {
            let counts = ledger.snapshot();
            let by_reason = |counts: &BTreeMap<LossReason, u64>| -> serde_json::Map<String, Value> {
                counts.iter().map(|(reason, count)| (reason.to_string(), (*count).into())).collect()
            };
            let (reasons, unread) = (by_reason(&counts.lost), by_reason(&counts.unread));
            json!({
                "signal": signal, "entered": counts.entered, "recovered": counts.recovered, "accepted": counts.accepted,
                "repeated": counts.repeated, "calls": counts.calls, "held": counts.held(), "disk_items": counts.disk_items,
                "disk_bytes": counts.disk_bytes, "lost": counts.lost_in_all(), "lost_by_reason": reasons,
                "unread_bytes_by_reason": unread,
            })
        });
        json!({ "signals": signals.collect::<Vec<_>>(), "kernel_drops": kernel_drops(&self.udp_ports), "stuck": self.delivering.stuck() })
    }

    fn prometheus(&self) -> String {
        let mut text = Text::default();
        let read = |cell: &AtomicU64| cell.load(Ordering::Relaxed);
        text.counter("metrics_agent_datagrams_received_total", "X-Ray datagrams read.", &[("", read(&self.intake.received))]);
        text.counter(
            "metrics_agent_datagrams_malformed_total",
            "X-Ray datagrams refused.",
            &[("", read(&self.intake.malformed) + read(&self.intake.truncated))],
        );
        text.counter(
            "metrics_agent_spans_rejected_total",
            "Spans that a collector rejected of requests that it took.",
            &[("", self.failures.rejected())],
        );
        text.counter("metrics_agent_statsd_lines_total", "StatsD lines taken.", &[("", read(&self.statsd.lines))]);
        text.counter("metrics_agent_statsd_malformed_total", "StatsD lines refused.", &[("", read(&self.statsd.malformed))]);
        text.counter(
            "metrics_agent_statsd_series_refused_total",
            "StatsD lines that are well-formed and not counted; by reason in items_lost.",
            &[("", read(&self.statsd.refused))],
        );
        if let Some(drops) = kernel_drops(&self.udp_ports) {
            text.counter("metrics_agent_kernel_drops_total", "Datagrams that the kernel dropped before they were read.", &[("", drops)]);
        }
        let snapshots: Vec<(&str, LedgerSnapshot)> = self.ledgers.iter().map(|(signal, ledger)| (*signal, ledger.snapshot())).collect();
        let each = |value: fn(&LedgerSnapshot) -> u64| {
            snapshots.iter().map(move |(signal, snapshot)| (format!("{{signal=\"{signal}\"}}"), value(snapshot))).collect::<Vec<_>>()
        };
        text.labelled("metrics_agent_items_entered_total", "Items offered for delivery.", each(|snapshot| snapshot.entered));
        text.labelled(
            "metrics_agent_items_recovered_total",
            "Items that an earlier process left on disk.",
            each(|snapshot| snapshot.recovered),
        );
        text.gauge("metrics_agent_items_held", "Items on their way, in memory or on disk.", each(LedgerSnapshot::held));
        text.gauge("metrics_agent_items_on_disk", "Items that are on disk only.", each(|snapshot| snapshot.disk_items));
        text.gauge("metrics_agent_spool_bytes", "Bytes of the spool.", each(|snapshot| snapshot.disk_bytes));
        text.labelled("metrics_agent_items_accepted_total", "Items that AWS took.", each(|snapshot| snapshot.accepted));
        text.labelled("metrics_agent_items_repeated_total", "Items sent once more.", each(|snapshot| snapshot.repeated));
        text.labelled("metrics_agent_calls_total", "Calls made.", each(|snapshot| snapshot.calls));
        let lost = snapshots.iter().flat_map(|(signal, snapshot)| {
            snapshot.lost.iter().map(move |(reason, count)| (format!("{{signal=\"{signal}\",reason=\"{reason}\"}}"), *count))
        });
        text.labelled("metrics_agent_items_lost_total", "Items lost, by reason.", lost.collect());
        let unread = snapshots.iter().flat_map(|(signal, snapshot)| {
            snapshot.unread.iter().map(move |(reason, bytes)| (format!("{{signal=\"{signal}\",reason=\"{reason}\"}}"), *bytes))
        });
        text.labelled("metrics_agent_unread_bytes_total", "Bytes lost before they were read as items, by reason.", unread.collect());
        text.0
    }
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn counter(&mut self, name: &str, help: &str, values: &[(&str, u64)]) {
        self.labelled(name, help, values.iter().map(|(labels, value)| ((*labels).to_owned(), *value)).collect());
    }

    fn labelled(&mut self, name: &str, help: &str, values: Vec<(String, u64)>) {
        self.of_kind("counter", name, help, values);
    }

    fn gauge(&mut self, name: &str, help: &str, values: Vec<(String, u64)>) {
        self.of_kind("gauge", name, help, values);
    }

    fn of_kind(&mut self, kind: &str, name: &str, help: &str, values: Vec<(String, u64)>) {
        let mut write = || -> std::fmt::Result {
            writeln!(self.0, "# HELP {name} {help}")?;
            writeln!(self.0, "# TYPE {name} {kind}")?;
            values.iter().try_for_each(|(labels, value)| writeln!(self.0, "{name}{labels} {value}"))
        };
        if write().is_err() {
            tracing::error!(name, "a metric could not be written");
        }
    }
}
