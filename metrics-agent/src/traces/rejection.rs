//! Segments that will never be taken: why, and where they are kept.

use telemetry_delivery::{LossReason, Outcome};

use crate::dead_letters::DeadLetters;
use crate::intake::RawSegment;

/// X-Ray said that it will never take the document.
pub(super) const REFUSED: LossReason = LossReason("refused_by_xray");

/// The collector took none of the request's spans, and said that it never will.
pub(super) const REFUSED_BY_COLLECTOR: LossReason = LossReason("refused_by_collector");

/// No spans can be made of it.
pub(super) const UNREADABLE: LossReason = LossReason("unreadable");

/// Whether the segment was at fault, not the way.
pub(super) fn is_rejection(reason: LossReason) -> bool {
    [REFUSED, REFUSED_BY_COLLECTOR, UNREADABLE, LossReason::POISON].contains(&reason)
}

/// Keeps a segment that was at fault.
pub(super) fn keep_rejected(letters: Option<&DeadLetters>, segment: &RawSegment, outcome: Outcome) {
    if let (Outcome::Lost(reason), Some(letters)) = (outcome, letters)
        && is_rejection(reason)
    {
        letters.keep(&segment.document, reason.0);
    }
}
