//! [`WithTrace`]: the trace on each log line.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::Context;

/// Adds the current trace to the lines of another formatter.
///
/// Text lines begin with `AWS-XRAY-TRACE-ID: 1-..@..`, as those of X-Ray's SDK for Java do: X-Ray's console looks for the id in the text
/// of lines of the log groups that a segment names. Lines of JSON get `AWS-XRAY-TRACE-ID` and `traceId`, a field that CloudWatch Logs
/// indexes by itself. Lines outside a trace stay as they are.
#[derive(Clone, Copy, Debug)]
pub struct WithTrace<F> {
    inner: F,
    is_json: bool,
}

impl<F> WithTrace<F> {
    /// Wraps a formatter of text.
    pub const fn text(inner: F) -> Self {
        Self { inner, is_json: false }
    }

    /// Wraps a formatter of one JSON object per line.
    pub const fn json(inner: F) -> Self {
        Self { inner, is_json: true }
    }
}

impl<S, N, F> FormatEvent<S, N> for WithTrace<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let context = Context::current();
        let Some(trace) = context.trace_id() else { return self.inner.format_event(ctx, writer, event) };
        let entity = context.entity_id().map(|id| format!("@{id}")).unwrap_or_default();
        if !self.is_json {
            write!(writer, "AWS-XRAY-TRACE-ID: {trace}{entity} ")?;
            return self.inner.format_event(ctx, writer, event);
        }
        let mut line = String::new();
        self.inner.format_event(ctx, Writer::new(&mut line), event)?;
        match line.trim_end().strip_suffix('}') {
            Some(object) => {
                let comma = if object.trim_end().ends_with('{') { "" } else { "," };
                writeln!(writer, r#"{object}{comma}"AWS-XRAY-TRACE-ID":"{trace}{entity}","traceId":"{trace}"}}"#)
            }
            None => writer.write_str(&line),
        }
    }
}
