//! [`Numbers`]: how often each numbered item arrived.

/// How often each number arrived, up to 255 times.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    seen: Vec<u8>,
    pub(crate) distinct: u64,
    /// Arrivals of numbers that had arrived before.
    pub(crate) duplicates: u64,
}

impl Numbers {
    /// Notes an arrival. Returns whether it is the first of its number.
    pub(super) fn note(&mut self, number: u64) -> bool {
        let place = number as usize;
        if self.seen.len() <= place {
            self.seen.resize((place + 1).next_power_of_two(), 0);
        }
        let is_first = self.seen[place] == 0;
        self.seen[place] = self.seen[place].saturating_add(1);
        if is_first {
            self.distinct += 1;
        } else {
            self.duplicates += 1;
        }
        is_first
    }

    /// Returns whether a number has arrived.
    pub(crate) fn has(&self, number: u64) -> bool {
        self.seen.get(number as usize).is_some_and(|count| *count > 0)
    }
}
