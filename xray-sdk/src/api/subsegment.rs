//! Subsegments: as an owner, as a scope's guard, as a closure.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use serde::Serialize;
use telemetry_wire::{AnnotationFixes, AnnotationValue, Aws, Details, Http, Sql, TraceHeader};

#[cfg(feature = "listeners")]
use super::edges::Edges;
use super::exception::{Exceptions, caught, fail, flags_of_status, panic_exception};
use crate::context::{self, NotSend};
use crate::entity::{Classification, Context, OpenSubsegment};
use crate::recorder::report_missing;

/// Told of every subsegment that is recorded.
#[cfg(feature = "listeners")]
pub(super) static SUBSEGMENTS: Edges<Subsegment> = Edges::new();

/// An open subsegment. Ends when dropped; can be sent to another thread and held over an `.await`.
///
/// It does not become the current context by itself: see [`subsegment`] for scopes, [`in_subsegment`] for closures and
/// [`crate::FutureExt::in_subsegment`] for futures. Where nothing is recorded every method does nothing.
#[must_use = "a subsegment ends when it is dropped"]
pub struct Subsegment {
    open: OpenSubsegment,
}

/// A subsegment that a panic unwinds is a fault, unless the panic is recorded already.
impl Drop for Subsegment {
    #[inline]
    fn drop(&mut self) {
        if self.open.is_unwound() {
            self.unwound();
        }
        #[cfg(feature = "listeners")]
        if self.is_recording() {
            SUBSEGMENTS.ends(self);
        }
    }
}

/// A panic leaves nothing half recorded.
impl std::panic::UnwindSafe for Subsegment {}
impl std::panic::RefUnwindSafe for Subsegment {}

impl fmt::Debug for Subsegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subsegment").field("context", &self.context()).finish()
    }
}

impl Subsegment {
    /// Begins below the current segment or subsegment.
    #[inline]
    pub fn begin(name: impl Into<Cow<'static, str>>) -> Self {
        Self::begin_in(Context::current(), name)
    }

    /// Begins below `parent`.
    #[inline]
    pub fn begin_in(parent: Context, name: impl Into<Cow<'static, str>>) -> Self {
        if parent.is_recording() {
            return Self::begun(OpenSubsegment::begin(parent, name.into()));
        }
        Self::not_recorded(parent)
    }

    #[inline]
    fn begun(open: OpenSubsegment) -> Self {
        let subsegment = Self { open };
        #[cfg(feature = "listeners")]
        let subsegment = subsegment.told();
        subsegment
    }

    #[cfg(feature = "listeners")]
    fn told(mut self) -> Self {
        if self.is_recording() {
            SUBSEGMENTS.began(&mut self);
        }
        self
    }

    #[inline]
    fn not_recorded(parent: Context) -> Self {
        if !parent.is_present() {
            report_missing("a subsegment");
        }
        Self { open: OpenSubsegment::Noop(parent) }
    }

    /// Begins a subsegment of the current trace that is not recorded, nor is anything inside, here or in the services that are called:
    /// for work that would be recorded too often, such as the polling of a queue or messages whose senders were not sampled.
    pub fn begin_unsampled() -> Self {
        let parent = Context::current();
        let context = parent.trace_id().map(|trace| Context::not_sampled(trace, parent.entity_id()));
        Self { open: OpenSubsegment::Noop(context.unwrap_or(Context::NONE)) }
    }

    /// Begins below the segment that a header names.
    #[cfg(feature = "lambda")]
    pub(crate) fn begin_below(name: Cow<'static, str>, header: &TraceHeader<'_>) -> Self {
        Self::begun(crate::recorder::begin_below(name, header))
    }

    /// Returns what another thread needs to send this root as it is.
    #[cfg(feature = "lambda")]
    pub(crate) fn announcement(&self) -> Option<crate::entity::Announcement> {
        self.open.announcement()
    }

    /// The no-op, for code that begins only sometimes.
    pub const fn noop() -> Self {
        Self { open: OpenSubsegment::Noop(Context::NONE) }
    }

    /// The context of what happens inside.
    #[inline]
    #[must_use]
    pub fn context(&self) -> Context {
        self.open.context()
    }

    /// Whether anything is recorded; skip costly preparations when not.
    #[inline]
    #[must_use]
    pub const fn is_recording(&self) -> bool {
        self.open.is_recording()
    }

    /// The header for the call that this subsegment stands for.
    #[must_use]
    pub fn trace_header(&self) -> Option<TraceHeader<'static>> {
        self.context().trace_header()
    }

    /// Adds an indexed pair. Keys have letters, digits and `_`; others are replaced by `_` and counted. A key that is taken then gets a number:
    /// `a.b` beside `a_b` becomes `a_b_2`. NaN and infinities are left out and counted.
    pub fn annotate(&mut self, key: impl Into<Cow<'static, str>>, value: impl Into<AnnotationValue>) -> &mut Self {
        if let Some((_, details)) = self.open.recorded() {
            count_fixes(details.annotate(key.into(), value.into()));
        }
        self
    }

    /// Adds any serializable value, not indexed, in the namespace `default`.
    pub fn metadata(&mut self, key: impl Into<String>, value: impl Serialize) -> &mut Self {
        self.metadata_in("default", key, value)
    }

    /// Adds any serializable value in a namespace. Names that begin with `AWS.` are reserved.
    pub fn metadata_in(&mut self, namespace: impl Into<Cow<'static, str>>, key: impl Into<String>, value: impl Serialize) -> &mut Self {
        if let Some((_, details)) = self.open.recorded() {
            details.add_metadata(namespace.into(), key.into(), to_json(value));
        }
        self
    }

    /// Records an error and its chain of sources as a fault.
    pub fn error<E: std::error::Error + ?Sized>(&mut self, error: &E) -> &mut Self {
        self.failure(Classification::Fault, || Exceptions::of(error))
    }

    /// Records a failure; `describe` runs only when recording.
    pub fn failure(&mut self, classification: Classification, describe: impl FnOnce() -> Exceptions) -> &mut Self {
        if classification != Classification::Ignored
            && let Some((flags, details)) = self.open.recorded()
        {
            fail(flags, details, classification, describe());
        }
        self
    }

    /// Sets error, throttle or fault from a status code; 2xx and 3xx set none.
    pub fn status(&mut self, status: u16) -> &mut Self {
        if let Some((flags, details)) = self.open.recorded() {
            *flags = flags.or(flags_of_status(status));
            details.http.get_or_insert_default().response.status = Some(status);
        }
        self
    }

    /// Says that this is a call to a service: `aws`, or `remote` for any other.
    pub fn namespace(&mut self, namespace: impl Into<Cow<'static, str>>) -> &mut Self {
        self.with_details(|details| details.namespace = Some(namespace.into()))
    }

    /// Says that the called service reports to X-Ray too, so that none is inferred.
    pub fn traced(&mut self, traced: bool) -> &mut Self {
        self.with_details(|details| details.traced = traced)
    }

    /// Changes the `http` block.
    pub fn http(&mut self, change: impl FnOnce(&mut Http)) -> &mut Self {
        self.with_details(|details| change(details.http.get_or_insert_default()))
    }

    /// Changes the `aws` block.
    pub fn aws(&mut self, change: impl FnOnce(&mut Aws)) -> &mut Self {
        self.with_details(|details| change(details.aws.get_or_insert_default()))
    }

    /// Changes the `sql` block.
    pub fn sql(&mut self, change: impl FnOnce(&mut Sql)) -> &mut Self {
        self.with_details(|details| change(Arc::make_mut(details.sql.get_or_insert_default())))
    }

    /// Sets the whole `sql` block.
    #[cfg(feature = "sqlx")]
    pub(crate) fn shared_sql(&mut self, sql: Arc<Sql>) -> &mut Self {
        self.with_details(|details| details.sql = Some(sql))
    }

    /// Changes the name until the end.
    pub fn rename(&mut self, name: impl Into<Cow<'static, str>>) -> &mut Self {
        self.open.rename(name.into());
        self
    }

    /// Marks work that was dropped before it completed: an error, not ok.
    pub fn cancelled(&mut self) -> &mut Self {
        self.failure(Classification::Error, || Exceptions::new("cancelled", "dropped before completion"))
    }

    /// Ends now.
    pub fn end(self) {}

    /// Ends, as if it had been at this time.
    #[cfg(any(feature = "aws-sdk", feature = "tracing"))]
    pub(crate) fn end_at(mut self, end: crate::clock::Ticks) {
        if self.open.is_unwound() {
            self.unwound();
        }
        #[cfg(feature = "listeners")]
        if self.is_recording() {
            SUBSEGMENTS.ends(&mut self);
        }
        std::mem::replace(&mut self.open, OpenSubsegment::Noop(Context::NONE)).end_at(end);
    }

    /// Ends without a record. Nothing must have begun inside.
    #[cfg(feature = "sqlx")]
    pub(crate) fn forget(&mut self) {
        std::mem::replace(&mut self.open, OpenSubsegment::Noop(Context::NONE)).discard();
    }

    /// Ends without a record, if it took less than `least`. Nothing must have begun inside.
    #[cfg(feature = "sqlx")]
    pub(crate) fn forget_if_shorter(&mut self, least: std::time::Duration) {
        if self.open.elapsed() < least {
            self.forget();
        }
    }

    /// Puts the begin back to `start`.
    #[cfg(feature = "aws-sdk")]
    pub(crate) const fn began_at(&mut self, start: crate::clock::Ticks) {
        self.open.began_at(start);
    }

    /// Puts the begin back by so much; for what is heard of only when it is over.
    #[cfg(feature = "tracing")]
    pub(crate) fn began_before(&mut self, ago: std::time::Duration) {
        self.open.began_before(ago);
    }

    #[cold]
    fn unwound(&mut self) {
        let is_recorded = self.open.recorded().is_some_and(|(flags, _)| flags.fault);
        if !is_recorded {
            self.failure(Classification::Fault, || Exceptions::new("panic", "unwound by a panic"));
        }
    }

    fn with_details(&mut self, change: impl FnOnce(&mut Details)) -> &mut Self {
        if let Some((_, details)) = self.open.recorded() {
            change(details);
        }
        self
    }
}

/// A subsegment that is the current context of this thread until it is dropped.
///
/// Not for `async` code: a guard that is held over an `.await` makes the future not `Send`. Put it into a block of its own, hold a [`Subsegment`], or use [`crate::FutureExt::in_subsegment`].
#[must_use = "a subsegment ends when it is dropped"]
#[derive(Debug)]
pub struct SubsegmentGuard {
    subsegment: Subsegment,
    _not_send: NotSend,
}

impl std::ops::Deref for SubsegmentGuard {
    type Target = Subsegment;

    fn deref(&self) -> &Subsegment {
        &self.subsegment
    }
}

impl std::ops::DerefMut for SubsegmentGuard {
    fn deref_mut(&mut self) -> &mut Subsegment {
        &mut self.subsegment
    }
}

impl Drop for SubsegmentGuard {
    #[inline]
    fn drop(&mut self) {
        if self.subsegment.is_recording() {
            context::leave(&self.subsegment.open);
        }
    }
}

/// Begins a subsegment for the rest of the scope.
///
/// ```
/// fn price(sku: &str) -> u64 {
///     let mut work = xray_sdk::subsegment("price");
///     work.annotate("sku", sku);
///     42
/// }
/// # price("a");
/// ```
#[inline]
pub fn subsegment(name: impl Into<Cow<'static, str>>) -> SubsegmentGuard {
    if context::is_recording() {
        return begin_here(name.into());
    }
    SubsegmentGuard { subsegment: Subsegment::not_recorded(Context::current()), _not_send: PhantomData }
}

fn begin_here(name: Cow<'static, str>) -> SubsegmentGuard {
    let open = OpenSubsegment::begin_and(Context::current(), name, context::step);
    SubsegmentGuard { subsegment: Subsegment::begun(open), _not_send: PhantomData }
}

/// Runs `work` in a subsegment; a panic is recorded as a fault and goes on.
pub fn in_subsegment<R>(name: impl Into<Cow<'static, str>>, work: impl FnOnce(&mut Subsegment) -> R) -> R {
    let mut subsegment = Subsegment::begin(name);
    if !subsegment.is_recording() {
        return work(&mut subsegment);
    }
    let previous = context::replace(subsegment.context());
    let result = catch_unwind(AssertUnwindSafe(|| work(&mut subsegment)));
    context::replace(previous);
    result.unwrap_or_else(|payload| {
        subsegment.failure(Classification::Fault, || panic_exception(&*payload));
        resume_unwind(payload)
    })
}

pub(super) fn to_json(value: impl Serialize) -> serde_json::Value {
    let json = caught(|| serde_json::to_value(value).map_err(|error| error.to_string()));
    json.unwrap_or_else(|| Err("its `Serialize` panicked".to_owned())).unwrap_or_else(|error| {
        if let Some(recorder) = crate::recorder::current_recorder() {
            crate::emitter::CounterCells::add(&recorder.counters.unserializable_metadata, 1);
        }
        serde_json::Value::String(format!("not serializable: {error}"))
    })
}

pub(super) fn count_fixes(fixes: AnnotationFixes) {
    if fixes != AnnotationFixes::default()
        && let Some(recorder) = crate::recorder::current_recorder()
    {
        recorder.count_fixes(fixes);
    }
}
