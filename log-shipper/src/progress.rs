//! [`Progress`]: how far each file is delivered, without holes.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use crate::identity::FileId;

/// Batches end in any order; a file's position moves only over ranges that have all ended.
#[derive(Debug, Default)]
pub(crate) struct Progress(Mutex<HashMap<FileId, Ranges>>);

#[derive(Debug, Default)]
struct Ranges {
    generation: u32,
    done_to: u64,
    /// Ended ranges beyond a hole, end by begin.
    ahead: BTreeMap<u64, u64>,
    changed: bool,
}

impl Progress {
    /// Begins a file, or begins it anew, at an offset. Gives the generation that its events carry.
    pub(crate) fn begin(&self, file: FileId, offset: u64) -> u32 {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = files.get(&file).map_or(0, |ranges| ranges.generation + 1);
        files.insert(file, Ranges { generation, done_to: offset, changed: true, ..Ranges::default() });
        generation
    }

    /// Notes that these bytes are delivered, or lost for good. Bytes of an earlier generation are no news.
    pub(crate) fn ended(&self, file: FileId, generation: u32, from: u64, to: u64) {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(ranges) = files.get_mut(&file).filter(|ranges| ranges.generation == generation) else { return };
        ranges.ahead.insert(from, to);
        while let Some(end) = ranges.ahead.remove(&ranges.done_to) {
            ranges.done_to = end;
            ranges.changed = true;
        }
    }

    /// The positions that have moved since the last call.
    pub(crate) fn take_changes(&self) -> Vec<(FileId, u64)> {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.iter_mut().filter_map(|(file, ranges)| std::mem::take(&mut ranges.changed).then_some((*file, ranges.done_to))).collect()
    }

    /// How far a file is delivered.
    pub(crate) fn done_to(&self, file: FileId) -> Option<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&file).map(|ranges| ranges.done_to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_holds_the_position_until_it_is_filled() {
        let (progress, file) = (Progress::default(), FileId { device: 1, inode: 2 });
        let first = progress.begin(file, 10);
        progress.take_changes();
        progress.ended(file, first, 20, 30);
        assert_eq!(progress.take_changes(), []);
        progress.ended(file, first, 10, 20);
        assert_eq!(progress.take_changes(), [(file, 30)]);
        assert_eq!(progress.take_changes(), []);
        progress.begin(file, 0);
        progress.ended(file, first, 0, 100);
        assert_eq!(progress.done_to(file), Some(0), "what was read before the truncation says nothing");
    }
}
