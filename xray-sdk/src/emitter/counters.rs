//! What happened to documents, by cause.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// A snapshot of the SDK's counters since `install`; all only grow.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Counters {
            $($(#[$doc])* pub $name: u64,)*
        }

        #[derive(Debug, Default)]
        pub(crate) struct CounterCells {
            $(pub(crate) $name: AtomicU64,)*
        }

        impl CounterCells {
            pub(crate) fn snapshot(&self) -> Counters {
                Counters { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }
    };
}

counters! {
    /// Datagrams handed to the system, or taken by the receiver where the emitter knows. Over UDP sent does not mean received.
    sent,
    /// Segments begun and sampled.
    segments_sampled,
    /// Segments begun and not sampled.
    segments_not_sampled,
    /// Of those, sent because they ended badly.
    segments_captured,
    /// Fragments lost because the queue to the worker was full.
    dropped_queue_full,
    /// Subsegments in those fragments.
    dropped_queue_full_subsegments,
    /// Segments and subsegments lost because they were too large even after all was cut that may be.
    dropped_too_large,
    /// Datagrams lost to an error of the socket, no agent listening included.
    dropped_io_error,
    /// Segments and subsegments in those datagrams.
    dropped_io_error_entities,
    /// Documents sent apart from their parent to keep within the datagram limit.
    split,
    /// Entities that lost stack frames, metadata or query text to keep within the limit.
    cut,
    /// Subsegments that left before their segment ended, or after it.
    streamed,
    /// Annotation keys with characters that X-Ray refuses, replaced by `_`.
    fixed_annotation_keys,
    /// Annotations left out because their value was NaN or infinite.
    left_out_annotations,
    /// Names with characters that X-Ray refuses, or too long.
    fixed_names,
    /// Metadata values that could not be serialized, replaced by the reason.
    unserializable_metadata,
    /// Annotations, metadata, users and errors for a segment that had ended.
    notes_too_late,
    /// Annotations, metadata, users and errors beyond 1 MB for one open segment.
    notes_too_many,
    /// Subsegments and annotations with no segment to belong to.
    context_missing,
}

impl CounterCells {
    pub(crate) fn add(cell: &AtomicU64, amount: u64) {
        if amount > 0 {
            cell.fetch_add(amount, Ordering::Relaxed);
        }
    }
}
