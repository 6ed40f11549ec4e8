//! [`Listener`]: code of the application's at the begin and the end of everything that is recorded.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use super::segment::Segment;
use super::subsegment::Subsegment;

/// Told of segments and subsegments that are recorded: after they have begun and before they end. Runs where they do, so it must not block;
/// a panic in it is swallowed. What it begins itself it is told of too.
pub trait Listener: Send + Sync {
    /// A segment has begun.
    fn segment_began(&self, _segment: &mut Segment) {}

    /// A segment is about to end: the last chance to annotate it.
    fn segment_ends(&self, _segment: &mut Segment) {}

    /// A subsegment has begun.
    fn subsegment_began(&self, _subsegment: &mut Subsegment) {}

    /// A subsegment is about to end.
    fn subsegment_ends(&self, _subsegment: &mut Subsegment) {}
}

static LISTENER: OnceLock<Box<dyn Listener>> = OnceLock::new();

/// Sets the listener of this process, once.
///
/// # Errors
/// Gives the listener back when there is one already.
pub fn listen(listener: impl Listener + 'static) -> Result<(), Box<dyn Listener>> {
    LISTENER.set(Box::new(listener))
}

#[inline]
pub(super) fn tell(what: impl FnOnce(&dyn Listener)) {
    if let Some(listener) = LISTENER.get()
        && catch_unwind(AssertUnwindSafe(|| what(&**listener))).is_err()
    {
        log::error!("X-Ray: the listener panicked");
    }
}
