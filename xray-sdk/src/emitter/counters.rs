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
    /// Datagrams handed to the system. Over UDP that does not mean received.
    sent,
    /// Segments begun and sampled.
    segments_sampled,
    /// Segments begun and not sampled.
    segments_not_sampled,
    /// Of those, sent because they ended badly.
    segments_captured,
    /// Fragments lost because the queue to the worker was full.
    dropped_queue_full,
    /// Entities lost because they were too large even after all was cut that may be.
    dropped_too_large,
    /// Datagrams lost to an error of the socket, no agent listening included.
    dropped_io_error,
    /// Documents sent apart from their parent to keep within the datagram limit.
    split,
    /// Entities that lost stack frames, metadata or query text to keep within the limit.
    cut,
    /// Subsegments sent before their segment ended.
    streamed,
    /// Annotation keys with characters that X-Ray refuses, replaced by `_`.
    fixed_annotation_keys,
    /// Names with characters that X-Ray refuses, or too long.
    fixed_names,
    /// Metadata values that could not be serialized, replaced by the reason.
    unserializable_metadata,
    /// Annotations, metadata, users and errors for a segment that had ended.
    notes_too_late,
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
