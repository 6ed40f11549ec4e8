//! [`Layer`].

use std::cell::RefCell;
use std::sync::Arc;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::Context as LayerContext;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::fields::Fields;
use super::statement::{self, Statements};
use crate::clock::{Ticks, ticks};
use crate::integrations::sql_text::QUIET_TARGET;
use crate::{Classification, Context, Exceptions, Segment, Subsegment, context};

/// Makes subsegments of spans. See the [module](super).
#[derive(Clone, Debug)]
pub struct Layer {
    max_level: Level,
    opens_segments: bool,
    annotated: Annotated,
    statements: Option<Arc<Statements>>,
}

impl Default for Layer {
    fn default() -> Self {
        let statements = Statements { name: "database".to_owned(), database_type: None, records_text: false };
        Self { max_level: Level::INFO, opens_segments: false, annotated: Annotated::default(), statements: Some(Arc::new(statements)) }
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

    /// Makes annotations of the fields with these names, beside those named before. Default none: `#[instrument]` makes fields of all arguments
    /// that it is not told to skip, passwords among them, and annotations are indexed.
    #[must_use]
    pub fn annotate_fields(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let known = match &self.annotated {
            Annotated::Named(known) => known.to_vec(),
            Annotated::All => Vec::new(),
        };
        self.annotated = Annotated::Named(known.into_iter().chain(names.into_iter().map(Into::into)).collect());
        self
    }

    /// Makes annotations of all fields, arguments of functions with `#[instrument]` included. Default no.
    #[must_use]
    pub fn annotate_all_fields(mut self) -> Self {
        self.annotated = Annotated::All;
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

/// Fields that become annotations.
#[derive(Clone, Debug)]
enum Annotated {
    Named(Arc<[String]>),
    All,
}

impl Default for Annotated {
    fn default() -> Self {
        Self::Named(Arc::default())
    }
}

impl Annotated {
    fn contains(&self, name: &str) -> bool {
        match self {
            Self::Named(names) => names.iter().any(|known| known == name),
            Self::All => true,
        }
    }
}

/// A span that is recorded, and when it was left last.
struct Kept {
    recorded: Recorded,
    left: Option<Ticks>,
}

impl Kept {
    /// Ends the subsegment when the span was left last: a span may be kept long after its work, in a handle or a struct.
    fn end(self) {
        match (self.recorded, self.left) {
            (Recorded::Subsegment(subsegment), Some(left)) => subsegment.end_at(left),
            (recorded, _) => drop(recorded),
        }
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

    /// Takes over the fields that become annotations, and an `error` field in any case.
    fn take_over(&mut self, fields: Fields, annotated: &Annotated) {
        if let Some(exceptions) = fields.error {
            self.fail(Classification::Fault, exceptions);
        }
        for (key, value) in fields.annotations.into_iter().filter(|(key, _)| annotated.contains(key)) {
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

    fn fail(&mut self, classification: Classification, exceptions: Exceptions) {
        match self {
            Self::Segment(segment) => {
                segment.failure(classification, || exceptions);
            }
            Self::Subsegment(subsegment) => {
                subsegment.failure(classification, || exceptions);
            }
            Self::Passed { context, .. } => {
                context.note(crate::entity::Note::Failure(classification.flags(), exceptions.0));
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
    span.extensions().get::<Kept>().map(|kept| kept.recorded.context())
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
        if recorded.context().is_recording() && !matches!(recorded, Recorded::Passed { .. }) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            recorded.take_over(fields, &self.annotated);
        }
        if recorded.context().is_present() {
            span.extensions_mut().insert(Kept { recorded, left: None });
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: LayerContext<'_, S>) {
        let Some(span) = ctx.span(id) else { return };
        let mut fields = Fields::default();
        values.record(&mut fields);
        if let Some(kept) = span.extensions_mut().get_mut::<Kept>() {
            kept.recorded.take_over(fields, &self.annotated);
        }
    }

    fn on_event(&self, event: &Event<'_>, ctx: LayerContext<'_, S>) {
        let is_statement = event.metadata().target() == statement::TARGET;
        if is_statement {
            return self.on_statement(event, &ctx);
        }
        let classification = match *event.metadata().level() {
            Level::ERROR => Classification::Fault,
            Level::WARN => Classification::Error,
            _ => return,
        };
        if event.metadata().fields().field("error").is_none() {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let Some(exceptions) = fields.error else { return };
        let span = ctx.event_span(event);
        match span.as_ref().map(SpanRef::extensions_mut).as_mut().and_then(|extensions| extensions.get_mut::<Kept>()) {
            Some(kept) => kept.recorded.fail(classification, exceptions),
            None => Recorded::Passed { context: Context::current(), is_quiet: false }.fail(classification, exceptions),
        }
    }

    fn on_enter(&self, id: &Id, ctx: LayerContext<'_, S>) {
        let Some(context) = ctx.span(id).and_then(|span| context_of(&span)) else { return };
        let previous = context::replace(context);
        ENTERED.with_borrow_mut(|entered| entered.push((id.clone(), previous)));
    }

    /// Spans may be left out of order; then what was entered later stays current and takes over what to go back to.
    fn on_exit(&self, id: &Id, ctx: LayerContext<'_, S>) {
        if let Some(span) = ctx.span(id)
            && let Some(kept) = span.extensions_mut().get_mut::<Kept>()
        {
            kept.left = Some(ticks());
        }
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
        let kept = ctx.span(&id).and_then(|span| span.extensions_mut().remove::<Kept>());
        if let Some(kept) = kept {
            kept.end();
        }
    }
}

impl Layer {
    /// SQLite's driver makes the event on a thread of its own, in the span of who asked.
    fn on_statement<S: Subscriber + for<'a> LookupSpan<'a>>(&self, event: &Event<'_>, ctx: &LayerContext<'_, S>) {
        let Some(statements) = &self.statements else { return };
        let span = ctx.event_span(event);
        let recorded = span.as_ref().map(SpanRef::extensions);
        let (of_span, is_quiet) = match recorded.as_ref().and_then(|extensions| extensions.get::<Kept>()).map(|kept| &kept.recorded) {
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
