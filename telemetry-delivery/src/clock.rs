//! The clock on the wall.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970; 0 for a clock that is before it.
#[expect(clippy::disallowed_methods, reason = "the one place that reads it; what is written to disk outlives the monotonic clock")]
pub(crate) fn wall_millis() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_counts_milliseconds() {
        const OF_2020: u64 = 1_577_836_800_000;
        const OF_2200: u64 = 7_258_118_400_000;
        assert!((OF_2020..OF_2200).contains(&wall_millis()));
    }
}
