//! sqlx's event about a statement that has ended.

use std::fmt::Debug;
use std::time::Duration;

use telemetry_wire::{SqlDialect, sanitize_sql};
use tracing::Event;
use tracing::field::{Field, Visit};

use crate::{Context, Subsegment};

/// The target of these events.
pub(super) const TARGET: &str = "sqlx::query";

/// What the event says.
#[derive(Debug, Default)]
struct Ended {
    summary: String,
    statement: String,
    rows_affected: u64,
    rows_returned: u64,
    seconds: f64,
}

impl Visit for Ended {
    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.trim().clone_into(&mut self.statement),
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "rows_affected" => self.rows_affected = value,
            "rows_returned" => self.rows_returned = value,
            _ => {}
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.seconds = value;
        }
    }
}

/// How statements are shown.
#[derive(Clone, Debug)]
pub(super) struct Statements {
    pub(super) name: String,
    pub(super) database_type: Option<String>,
    pub(super) records_text: bool,
}

impl Statements {
    /// Records the statement below `parent`.
    pub(super) fn record(&self, parent: Context, event: &Event<'_>) {
        let mut ended = Ended::default();
        event.record(&mut ended);
        let mut subsegment = Subsegment::begin_in(parent, self.name.clone());
        subsegment.began_before(Duration::try_from_secs_f64(ended.seconds).unwrap_or_default());
        subsegment.namespace("remote").sql(|sql| {
            sql.database_type.clone_from(&self.database_type);
            sql.driver_version = Some("sqlx".to_owned());
            sql.sanitized_query = self.records_text.then(|| sanitize_sql(ended.text(), self.dialect()));
        });
        subsegment.metadata_in("sql", "rows_returned", ended.rows_returned);
        if ended.rows_returned == 0 {
            subsegment.metadata_in("sql", "rows_affected", ended.rows_affected);
        }
    }

    fn dialect(&self) -> SqlDialect {
        self.database_type.as_deref().map_or(SqlDialect::Any, SqlDialect::of)
    }
}

impl Ended {
    /// A statement of up to four words is in the summary alone.
    fn text(&self) -> &str {
        if self.statement.is_empty() { &self.summary } else { &self.statement }
    }
}
