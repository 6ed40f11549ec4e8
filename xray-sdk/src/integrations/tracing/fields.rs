//! From the fields of spans and events to values.

use std::error::Error;
use std::fmt::Debug;

use telemetry_wire::AnnotationValue;
use tracing::field::{Field, Visit};

use crate::Exceptions;

/// What a span or event says. Collected before any lock is taken: formatting runs code of the user's.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) annotations: Vec<(&'static str, AnnotationValue)>,
    pub(super) error: Option<Exceptions>,
}

impl Fields {
    /// `log.*` and `otel.*` speak to other layers.
    fn push(&mut self, field: &Field, value: impl Into<AnnotationValue>) {
        let (name, value) = (field.name(), value.into());
        if !name.starts_with("log.") && !name.starts_with("otel.") {
            self.annotations.push((name, value));
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "error" | "exception.message" => self.error = Some(Exceptions::new("Error", &text)),
            _ => self.push(field, text),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "error" => self.error = Some(Exceptions::new("Error", value)),
            _ => self.push(field, value.to_owned()),
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let _ = field;
        self.error = Some(Exceptions::of_source(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, value);
    }
}
