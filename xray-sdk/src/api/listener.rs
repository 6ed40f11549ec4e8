//! [`Listener`]: code of the application's at the begin and the end of everything that is recorded.

use std::sync::Arc;

use super::segment::{SEGMENTS, Segment};
use super::subsegment::{SUBSEGMENTS, Subsegment};

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

/// Sets the listener of this process, once. `false` when there is one already, which stays.
#[must_use]
pub fn listen(listener: impl Listener + 'static) -> bool {
    let listener: Arc<dyn Listener> = Arc::new(listener);
    let share = || Arc::clone(&listener);
    let (began, ends) = (share(), share());
    if !SEGMENTS.set(Box::new(move |segment| began.segment_began(segment)), Box::new(move |segment| ends.segment_ends(segment))) {
        return false;
    }
    let (began, ends) = (share(), share());
    SUBSEGMENTS.set(Box::new(move |child| began.subsegment_began(child)), Box::new(move |child| ends.subsegment_ends(child)))
}
