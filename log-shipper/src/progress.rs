//! [`Progress`]: how far each content is delivered, without holes.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Batches end in any order; a position moves only over ranges that have all ended.
///
/// Positions are those of numbered contents. What a file held before it was truncated is another content than what it holds now,
/// and a copy that is read on has the content of the file that was copied.
#[derive(Debug, Default)]
pub(crate) struct Progress(Mutex<HashMap<u64, Ranges>>);

#[derive(Debug, Default)]
struct Ranges {
    done_to: u64,
    /// Ended ranges beyond a hole, end by begin.
    ahead: BTreeMap<u64, u64>,
    is_changed: bool,
}

impl Progress {
    /// Begins a content at an offset.
    pub(crate) fn begin(&self, content: u64, offset: u64) {
        self.lock().insert(content, Ranges { done_to: offset, is_changed: true, ..Ranges::default() });
    }

    /// Notes that these bytes are delivered, or lost for good. Those of a content that was forgotten are no news.
    pub(crate) fn ended(&self, content: u64, from: u64, to: u64) {
        let mut contents = self.lock();
        let Some(ranges) = contents.get_mut(&content) else { return };
        ranges.ahead.insert(from, to);
        while let Some(end) = ranges.ahead.remove(&ranges.done_to) {
            ranges.done_to = end;
            ranges.is_changed = true;
        }
    }

    /// Has the position of a content written again, since its file has another name or is another.
    pub(crate) fn touch(&self, content: u64) {
        if let Some(ranges) = self.lock().get_mut(&content) {
            ranges.is_changed = true;
        }
    }

    /// The positions that have moved since the last call.
    pub(crate) fn take_changes(&self) -> Vec<(u64, u64)> {
        let mut contents = self.lock();
        let moved = contents
            .iter_mut()
            .filter_map(|(content, ranges)| std::mem::take(&mut ranges.is_changed).then_some((*content, ranges.done_to)));
        moved.collect()
    }

    /// Returns the position up to which a content is delivered.
    pub(crate) fn done_to(&self, content: u64) -> Option<u64> {
        self.lock().get(&content).map(|ranges| ranges.done_to)
    }

    pub(crate) fn forget(&self, content: u64) {
        self.lock().remove(&content);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Ranges>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_holds_the_position_until_it_is_filled() {
        let progress = Progress::default();
        progress.begin(1, 10);
        progress.take_changes();
        progress.ended(1, 20, 30);
        assert_eq!(progress.take_changes(), []);
        progress.ended(1, 10, 20);
        assert_eq!(progress.take_changes(), [(1, 30)]);
        assert_eq!(progress.take_changes(), []);
        progress.begin(2, 0);
        progress.ended(1, 30, 100);
        assert_eq!((progress.done_to(1), progress.done_to(2)), (Some(100), Some(0)));
        progress.forget(1);
        progress.ended(1, 100, 110);
        assert_eq!(progress.done_to(1), None);
    }
}
