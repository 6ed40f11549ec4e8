//! Segments: the work of this service for one request or job.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use telemetry_wire::{AnnotationValue, Details, Flags, Http, TraceHeader};

#[cfg(feature = "listeners")]
use super::edges::Edges;
use super::exception::{Exceptions, fail, flags_of_status};
use super::subsegment::{count_fixes, to_json};
use crate::entity::{Classification, Context, OpenRoot};
use crate::recorder::{Begun, SegmentRequest, Watched, begin};

/// Told of every segment that is recorded.
#[cfg(feature = "listeners")]
pub(super) static SEGMENTS: Edges<Segment> = Edges::new();

/// An open segment, or the no-op when it is not sampled. Ends when dropped.
///
/// The integrations open segments for requests; this is for jobs and for servers without an integration.
///
/// ```
/// let mut segment = xray_sdk::Segment::begin("nightly-report");
/// segment.annotate("tenant", "t1");
/// segment.context().in_scope(|| {
///     let _rows = xray_sdk::subsegment("collect rows");
/// });
/// ```
#[must_use = "a segment ends when it is dropped"]
pub struct Segment {
    state: State,
    /// What the sampler wants to know of its end.
    watched: Option<Box<Watched>>,
    /// Work of a destructor while another panic unwinds completes normally.
    began_in_panic: bool,
}

/// A segment that a panic unwinds is a fault, unless the panic is recorded already.
impl Drop for Segment {
    fn drop(&mut self) {
        if std::thread::panicking() && !self.began_in_panic {
            self.unwound();
        }
        #[cfg(feature = "listeners")]
        if self.is_recording() {
            SEGMENTS.ends(self);
        }
        if let Some(watched) = self.watched.take() {
            self.tell(&watched);
        }
        if let State::Noop(context) = &self.state {
            context.forget_extras();
        }
    }
}

enum State {
    Recording(OpenRoot),
    Noop(Context),
}

/// A panic leaves nothing half recorded.
impl std::panic::UnwindSafe for Segment {}
impl std::panic::RefUnwindSafe for Segment {}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment").field("context", &self.context()).finish()
    }
}

impl Segment {
    /// Begins a new trace, if it is sampled.
    pub fn begin(name: impl Into<Cow<'static, str>>) -> Self {
        Self::begin_with(SegmentRequest { name: name.into(), ..SegmentRequest::default() })
    }

    /// Goes on with the trace in an `X-Amzn-Trace-Id` header; a header that cannot be read begins a new trace.
    pub fn begin_from(name: impl Into<Cow<'static, str>>, header: &TraceHeader<'_>) -> Self {
        Self::begin_with(SegmentRequest { name: name.into(), header: *header, ..SegmentRequest::default() })
    }

    /// The same, with attributes that sampling rules can look at beside those of the process. They are not recorded.
    pub fn begin_with_attributes(name: impl Into<Cow<'static, str>>, header: &TraceHeader<'_>, attributes: &[(&str, &str)]) -> Self {
        Self::begin_with(SegmentRequest { name: name.into(), header: *header, attributes, ..SegmentRequest::default() })
    }

    pub(crate) fn begin_with(request: SegmentRequest<'_>) -> Self {
        let (begun, watched) = begin(request);
        let state = match begun {
            Begun::Recording(root) => State::Recording(root),
            Begun::NotSampled(context) => State::Noop(context),
            Begun::Off => State::Noop(Context::NONE),
        };
        let segment = Self { state, watched, began_in_panic: std::thread::panicking() };
        #[cfg(feature = "listeners")]
        let segment = segment.told();
        segment
    }

    /// The context of what happens inside.
    #[must_use]
    pub fn context(&self) -> Context {
        match &self.state {
            State::Recording(root) => root.context(),
            State::Noop(context) => *context,
        }
    }

    /// Whether anything is recorded.
    #[must_use]
    pub const fn is_recording(&self) -> bool {
        matches!(self.state, State::Recording(_))
    }

    /// Adds an indexed pair, see [`crate::Subsegment::annotate`].
    pub fn annotate(&mut self, key: impl Into<Cow<'static, str>>, value: impl Into<AnnotationValue>) -> &mut Self {
        self.change(|_, details| count_fixes(details.annotate(key.into(), value.into())))
    }

    /// Adds any serializable value, not indexed, in the namespace `default`.
    pub fn metadata(&mut self, key: impl Into<String>, value: impl Serialize) -> &mut Self {
        self.change(|_, details| details.add_metadata("default".into(), key.into(), to_json(value)))
    }

    /// Sets the end user, which filter expressions can search. Cut at 250 characters.
    pub fn user(&mut self, user: impl Into<String>) -> &mut Self {
        self.change(|_, details| details.user = Some(user.into()))
    }

    /// Records an error and its chain of sources as a fault.
    pub fn error<E: std::error::Error + ?Sized>(&mut self, error: &E) -> &mut Self {
        self.failure(Classification::Fault, || Exceptions::of(error))
    }

    /// Records a failure; `describe` runs only when recording.
    pub fn failure(&mut self, classification: Classification, describe: impl FnOnce() -> Exceptions) -> &mut Self {
        if classification == Classification::Ignored {
            return self;
        }
        if let Some(watched) = &mut self.watched {
            watched.flags = watched.flags.or(classification.flags());
        }
        self.change(|flags, details| fail(flags, details, classification, describe()))
    }

    /// Sets error, throttle or fault from a status code.
    pub fn status(&mut self, status: u16) -> &mut Self {
        let of_status = flags_of_status(status);
        if let Some(watched) = &mut self.watched {
            watched.status = Some(status);
            watched.flags = watched.flags.or(of_status);
        }
        self.change(|flags, details| {
            *flags = flags.or(of_status);
            details.http.get_or_insert_default().response.status = Some(status);
        })
    }

    /// Changes the `http` block.
    pub fn http(&mut self, change: impl FnOnce(&mut Http)) -> &mut Self {
        self.change(|_, details| change(details.http.get_or_insert_default()))
    }

    /// Links an entity of another trace, at most 20.
    pub fn link(&mut self, link: telemetry_wire::Link) -> &mut Self {
        self.change(|_, details| details.links.push(link))
    }

    /// Marks work that was dropped before it completed: an error, not ok.
    pub fn cancelled(&mut self) -> &mut Self {
        self.failure(Classification::Error, || Exceptions::new("cancelled", "dropped before completion"))
    }

    /// Ends now.
    pub fn end(self) {}

    #[cfg(feature = "listeners")]
    fn told(mut self) -> Self {
        if self.is_recording() {
            SEGMENTS.began(&mut self);
        }
        self
    }

    #[cold]
    fn tell(&mut self, watched: &Watched) {
        match &mut self.state {
            State::Recording(root) if watched.ended(Some(root.flags)) => root.keep(),
            State::Recording(_) => {}
            State::Noop(_) => drop(watched.ended(None)),
        }
    }

    #[cold]
    fn unwound(&mut self) {
        let is_recorded = matches!(&self.state, State::Recording(root) if root.flags.fault);
        if !is_recorded {
            self.failure(Classification::Fault, || Exceptions::new("panic", "unwound by a panic"));
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut Flags, &mut Details)) -> &mut Self {
        if let State::Recording(root) = &mut self.state {
            change(&mut root.flags, root.details.get_or_insert_default());
        }
        self
    }
}
