//! What the far end made of a batch, and why something was lost.

use std::fmt;
use std::time::Duration;

/// A destination's answer to one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All taken.
    Accepted,
    /// Nothing taken; the same batch goes again, not before this time has passed.
    Again {
        /// The server's hint, if it gave one.
        not_before: Option<Duration>,
    },
    /// Taken but for these positions in the batch.
    Partly {
        /// Go again.
        again: Vec<usize>,
        /// Will never be taken.
        refused: Vec<(usize, LossReason)>,
        /// The server's hint for those that go again.
        not_before: Option<Duration>,
    },
    /// Something in it makes the whole batch fail: cut in halves until it is alone.
    Poisoned,
    /// Nothing taken, and it never will be.
    Refused(LossReason),
}

/// Why an item was lost. Destinations add their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LossReason(pub &'static str);

impl LossReason {
    /// The queue had no room.
    pub const QUEUE_FULL: Self = Self("queue_full");
    /// It waited longer than the data is worth.
    pub const TOO_OLD: Self = Self("too_old");
    /// It alone made batches fail.
    pub const POISON: Self = Self("poison");
    /// The spool had no room for it any more: it was among the oldest.
    pub const SPOOL_QUOTA: Self = Self("spool_quota");
    /// Its block of the spool is damaged.
    pub const SPOOL_TORN: Self = Self("spool_torn");
    /// The spool could not be written, and memory was full.
    pub const DISK: Self = Self("disk");
    /// It could not be sent before the shutdown deadline.
    pub const SHUTDOWN: Self = Self("shutdown");
}

impl fmt::Display for LossReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_shown_by_its_name() {
        assert_eq!(LossReason::POISON.to_string(), "poison");
    }
}
