//! [`Reservoir`]: so many per whole clock second.

use std::sync::atomic::{AtomicU64, Ordering};

/// Second in the upper half, taken in that second in the lower.
#[derive(Debug, Default)]
pub(super) struct Reservoir(AtomicU64);

impl Reservoir {
    /// Takes one of `size` in the second `now`. A clock that went backwards starts a new second.
    pub(super) fn take(&self, size: u32, now: u64) -> bool {
        if size == 0 {
            return false;
        }
        let second = now << 32;
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
            let used = if word >> 32 == now & 0xffff_ffff { word as u32 } else { 0 };
            (used < size).then_some(second | u64::from(used + 1))
        });
        taken.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_has_its_own_share() {
        let reservoir = Reservoir::default();
        let taken = |now| (0..10).filter(|_| reservoir.take(3, now)).count();
        assert_eq!((taken(100), taken(100), taken(101)), (3, 0, 3));
        assert_eq!(taken(99), 3, "a clock that went backwards does not stop sampling");
        assert!(!reservoir.take(0, 5));
    }
}
