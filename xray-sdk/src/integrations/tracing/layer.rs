//! [`Layer`].

use std::cell::RefCell;
use std::sync::Arc;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::Context as LayerContext;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::fields::Fields;
use super::statement::{self, Statements};
use crate::integrations::sql_text::QUIET_TARGET;
use crate::{Classification, Context, Exceptions, Segment, Subsegment, context};

/// Makes subsegments of spans. See the [module](super).
#[derive(Clone, Debug)]
pub struct Layer {
    max_level: Level,
    opens_segments: bool,
    records_fields: bool,
    statements: Option<Arc<Statements>>,
}

impl Default for Layer {
    fn default() -> Self {
        let statements = Statements { name: "database".to_owned(), database_type: None, records_text: false };
        Self { max_level: Level::INFO, opens_segments: false, records_fields: true, statements: Some(Arc::new(statements)) }
    }
}

impl Layer {
    /// A layer with default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Which spans are recorded: those of this level and above it. Default INFO; libraries have many spans below.
    #[must_use]
    pub const fn max_level(mut self, level: Level) -> Self {
        self.max_level = level;
        self
    }

    /// Whether a span outside any segment opens one, if it is sampled. Default no: servers have their own layer.
    #[must_use]
    pub const fn open_segments(mut self, open: bool) -> Self {
        self.opens_segments = open;
        self
    }

    /// Whether fields become annotations. Default yes; `#[instrument]` makes fields of all arguments that it is not told to skip.
    #[must_use]
    pub const fn record_fields(mut self, record: bool) -> Self {
        self.records_fields = record;
        self
    }

    /// Names the database of sqlx's events, which do not tell it. Default `database`, of no known type. Types are `PostgreSQL`, `MySQL`, `SQLite`.
    #[must_use]
    pub fn database(self, name: &str, database_type: &str) -> Self {
        self.change_statements(|statements| {
            name.clone_into(&mut statements.name);
            statements.database_type = Some(database_type.to_owned());
        })
    }

    /// Whether sqlx's statements are shown, without their literals. Default no.
    #[must_use]
    pub fn record_statements(self, record: bool) -> Self {
        self.change_statements(|statements| statements.records_text = record)
    }

    /// Leaves sqlx's events alone.
    #[must_use]
    pub fn without_sqlx(mut self) -> Self {
        self.statements = None;
        self
    }

    fn change_statements(mut self, change: impl FnOnce(&mut Statements)) -> Self {
        if let Some(statements) = &mut self.statements {
            change(Arc::make_mut(statements));
        }
        self
    }
}

/// What is kept with a span.
enum Recorded {
    Segment(Segment),
    Subsegment(Subsegment),
    /// Not recorded itself: too fine, or the marker of a statement that has a subsegment already.
    Passed {
        context: Context,
        is_quiet: bool,
    },
}

impl Recorded {
    fn context(&self) -> Context {
        match self {
            Self::Segment(segment) => segment.context(),
            Self::Subsegment(subsegment) => subsegment.context(),
            Self::Passed { context, .. } => *context,
        }
    }

    fn annotate(&mut self, fields: Fields) {
        for (key, value) in fields.annotations {
            match self {
                Self::Segment(segment) => {
                    segment.annotate(key, value);
                }
                Self::Subsegment(subsegment) => {
                    subsegment.annotate(key, value);
                }
                Self::Passed { .. } => {}
            }
        }
    }

    fn fail(&mut self, exceptions: Exceptions) {
        match self {
            Self::Segment(segment) => {
                segment.failure(Classification::Fault, || exceptions);
            }
            Self::Subsegment(subsegment) => {
                subsegment.failure(Classification::Fault, || exceptions);
            }
            Self::Passed { context, .. } => {
                context.note(crate::entity::Note::Failure(Classification::Fault.flags(), exceptions.0));
            }
        }
    }
}

thread_local! {
    /// Spans that are entered on this thread, and the context that each replaced.
    static ENTERED: RefCell<Vec<(Id, Context)>> = const { RefCell::new(Vec::new()) };
}

impl Layer {
    fn begin(&self, metadata: &'static Metadata<'static>, parent: Context) -> Recorded {
        let is_quiet = metadata.target() == QUIET_TARGET;
        let is_wanted = !is_quiet && *metadata.level() <= self.max_level;
        if is_wanted && parent.is_recording() {
            return Recorded::Subsegment(Subsegment::begin_in(parent, metadata.name()));
        }
        if is_wanted && self.opens_segments && !parent.is_present() {
            return Recorded::Segment(Segment::begin(metadata.name()));
        }
        Recorded::Passed { context: parent, is_quiet }
    }
}

fn context_of<S: for<'a> LookupSpan<'a>>(span: &SpanRef<'_, S>) -> Option<Context> {
    span.extensions().get::<Recorded>().map(Recorded::context)
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> tracing_subscriber::Layer<S> for Layer {
    /// The parent is the span's own if it has an explicit one, else what is current: a segment may have been entered since.
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: LayerContext<'_, S>) {
        let Some(span) = ctx.span(id) else { return };
        let explicit = attributes.parent().and_then(|parent| ctx.span(parent)).and_then(|parent| context_of(&parent));
        let parent = match explicit {
            Some(parent) => parent,
            None if attributes.is_root() => Context::NONE,
            None => Context::current(),
        };
        let mut recorded = self.begin(attributes.metadata(), parent);
        if self.records_fields && recorded.context().is_recording() {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            recorded.annotate(fields);
        }
        if recorded.context().is_present() {
            span.extensions_mut().insert(recorded);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: LayerContext<'_, S>) {
        let Some(span) = ctx.span(id).filter(|_| self.records_fields) else { return };
        let mut fields = Fields::default();
        values.record(&mut fields);
        if let Some(recorded) = span.extensions_mut().get_mut::<Recorded>() {
            recorded.annotate(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, ctx: LayerContext<'_, S>) {
        let is_statement = event.metadata().target() == statement::TARGET;
        if is_statement {
            return self.on_statement(event, &ctx);
        }
        if *event.metadata().level() != Level::ERROR || event.metadata().fields().field("error").is_none() {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let Some(exceptions) = fields.error else { return };
        let span = ctx.event_span(event);
        match span.as_ref().map(SpanRef::extensions_mut).as_mut().and_then(|extensions| extensions.get_mut::<Recorded>()) {
            Some(recorded) => recorded.fail(exceptions),
            None => Recorded::Passed { context: Context::current(), is_quiet: false }.fail(exceptions),
        }
    }

    fn on_enter(&self, id: &Id, ctx: LayerContext<'_, S>) {
        let Some(context) = ctx.span(id).and_then(|span| context_of(&span)) else { return };
        let previous = context::replace(context);
        ENTERED.with_borrow_mut(|entered| entered.push((id.clone(), previous)));
    }

    /// Spans may be left out of order; then what was entered later stays current and takes over what to go back to.
    fn on_exit(&self, id: &Id, _: LayerContext<'_, S>) {
        ENTERED.with_borrow_mut(|entered| {
            let Some(place) = entered.iter().rposition(|(known, _)| known == id) else { return };
            let (_, previous) = entered.remove(place);
            match entered.get_mut(place) {
                Some(later) => later.1 = previous,
                None => drop(context::replace(previous)),
            }
        });
    }

    /// Taken out first: ending it may call code that logs.
    fn on_close(&self, id: Id, ctx: LayerContext<'_, S>) {
        let recorded = ctx.span(&id).and_then(|span| span.extensions_mut().remove::<Recorded>());
        drop(recorded);
    }
}

impl Layer {
    /// SQLite's driver makes the event on a thread of its own, in the span of who asked.
    fn on_statement<S: Subscriber + for<'a> LookupSpan<'a>>(&self, event: &Event<'_>, ctx: &LayerContext<'_, S>) {
        let Some(statements) = &self.statements else { return };
        let span = ctx.event_span(event);
        let recorded = span.as_ref().map(SpanRef::extensions);
        let (of_span, is_quiet) = match recorded.as_ref().and_then(|extensions| extensions.get::<Recorded>()) {
            Some(Recorded::Passed { is_quiet: true, .. }) => (None, true),
            Some(recorded) => (Some(recorded.context()), false),
            None => (None, false),
        };
        drop(recorded);
        let here = Context::current();
        let parent = if here.is_present() { here } else { of_span.unwrap_or(here) };
        if !is_quiet && parent.is_recording() {
            statements.record(parent, event);
        }
    }
}
