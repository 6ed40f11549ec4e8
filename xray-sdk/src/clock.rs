//! The clocks of a recording: a cheap ruler between two readings of the real ones.
//!
//! `Instant::now` costs about 27 ns where it is needed most, twice per subsegment; the processor's counter costs 8. The
//! counter is never trusted as a clock: wall clock, monotonic clock and counter are read when a segment opens, monotonic
//! clock and counter again when it is encoded, and [`ClockSpan`] puts each counter value between the two. That needs no
//! calibration, cannot drift, and a counter gone wrong gives a time between opening and encoding, never a negative duration.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use telemetry_wire::Timestamp;

/// A reading of the ruler, in units that only a [`ClockSpan`] can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticks(pub(crate) u64);

/// All clocks at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anchor {
    wall: Timestamp,
    monotonic: Instant,
    ticks: Ticks,
}

/// The time between two anchors, and how the ruler's units fill it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClockSpan {
    wall: Timestamp,
    ticks: Ticks,
    micros_per_tick: f64,
    elapsed_micros: u64,
}

enum Ruler {
    Counter(quanta::Clock),
    Monotonic(Instant),
}

static RULER: OnceLock<Ruler> = OnceLock::new();

/// Reads the ruler.
#[inline]
pub(crate) fn ticks() -> Ticks {
    match RULER.get() {
        Some(Ruler::Counter(clock)) => Ticks(clock.raw()),
        _ => slow_ticks(),
    }
}

impl Ticks {
    /// The time since this reading, about: for decisions, not for documents.
    pub(crate) fn elapsed(self) -> Duration {
        Duration::from_nanos(nanos(ticks().0.saturating_sub(self.0)))
    }

    /// The reading of so long ago, about.
    #[cfg(feature = "tracing")]
    pub(crate) fn before(self, ago: Duration) -> Self {
        const MANY: u64 = 1 << 32;
        let units = ago.as_nanos() * u128::from(MANY) / u128::from(nanos(MANY).max(1));
        Self(self.0.saturating_sub(u64::try_from(units).unwrap_or(u64::MAX)))
    }
}

/// What a number of units of the ruler comes to.
fn nanos(units: u64) -> u64 {
    match RULER.get_or_init(Ruler::choose) {
        Ruler::Counter(clock) => clock.delta_as_nanos(0, units),
        Ruler::Monotonic(_) => units,
    }
}

/// Both clocks at one moment: a thread that the system stops between the two readings would stretch or shrink the ruler.
fn at_once() -> (Instant, Ticks) {
    /// Units of the ruler, so about 10 µs.
    const NEAR: u64 = 25_000;
    const ATTEMPTS: u32 = 3;
    let read = || {
        let (before, monotonic, after) = (ticks(), monotonic_now(), ticks());
        (after.0.wrapping_sub(before.0), monotonic, after)
    };
    let mut nearest = read();
    for _ in 1..ATTEMPTS {
        if nearest.0 > NEAR {
            nearest = std::cmp::min_by_key(nearest, read(), |(distance, ..)| *distance);
        }
    }
    (nearest.1, nearest.2)
}

fn slow_ticks() -> Ticks {
    match RULER.get_or_init(Ruler::choose) {
        Ruler::Counter(clock) => Ticks(clock.raw()),
        Ruler::Monotonic(base) => Ticks(u64::try_from(monotonic_now().duration_since(*base).as_nanos()).unwrap_or(u64::MAX)),
    }
}

/// Chooses the ruler, if it is not chosen yet. Called by `install`, so that no request has to wait for it.
pub(crate) fn choose_ruler() {
    RULER.get_or_init(Ruler::choose);
}

#[expect(clippy::disallowed_methods, reason = "this is the one place where the crate reads the monotonic clock")]
pub(crate) fn monotonic_now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "this is the one place where the crate reads the wall clock")]
pub(crate) fn wall_now() -> Timestamp {
    Timestamp::from_system_time(SystemTime::now())
}

impl Anchor {
    /// The ruler is read last, so it has to be chosen before: choosing it takes half a millisecond.
    pub(crate) fn now() -> Self {
        choose_ruler();
        Self { wall: wall_now(), monotonic: monotonic_now(), ticks: ticks() }
    }

    pub(crate) const fn wall(&self) -> Timestamp {
        self.wall
    }

    pub(crate) const fn ticks(&self) -> Ticks {
        self.ticks
    }

    /// The span from this anchor to now.
    pub(crate) fn until_now(&self) -> ClockSpan {
        let (monotonic, end) = at_once();
        self.until(monotonic.saturating_duration_since(self.monotonic), end)
    }

    fn until(&self, elapsed: Duration, end: Ticks) -> ClockSpan {
        let elapsed_micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let units = end.0.saturating_sub(self.ticks.0);
        let micros_per_tick = if units == 0 { 0.0 } else { elapsed.as_nanos() as f64 / 1e3 / units as f64 };
        ClockSpan { wall: self.wall, ticks: self.ticks, micros_per_tick, elapsed_micros }
    }
}

impl ClockSpan {
    /// The time of a reading; readings outside the span become its ends.
    pub(crate) fn time_of(&self, ticks: Ticks) -> Timestamp {
        let units = ticks.0.saturating_sub(self.ticks.0);
        let micros = (units as f64 * self.micros_per_tick) as u64;
        Timestamp::from_micros(self.wall.as_micros() + micros.min(self.elapsed_micros))
    }
}

impl Ruler {
    fn choose() -> Self {
        if counter_is_trusted() { Self::Counter(quanta::Clock::new()) } else { Self::Monotonic(monotonic_now()) }
    }
}

/// The kernel demotes a counter that runs apart on two cores; crates that look at the processor's flags only miss that.
/// Guests of Nitro and Firecracker often say `kvm-clock`, which is trusted only with a constant, never stopping counter.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn counter_is_trusted() -> bool {
    let source = std::fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource").unwrap_or_default();
    match source.trim() {
        "tsc" => true,
        "kvm-clock" => {
            let flags = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
            flags.contains("constant_tsc") && flags.contains("nonstop_tsc")
        }
        _ => false,
    }
}

/// The architecture promises one counter for all cores.
#[cfg(target_arch = "aarch64")]
const fn counter_is_trusted() -> bool {
    true
}

#[cfg(not(any(all(target_os = "linux", target_arch = "x86_64"), target_arch = "aarch64")))]
const fn counter_is_trusted() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor() -> Anchor {
        Anchor { wall: Timestamp::from_micros(1_000_000), monotonic: monotonic_now(), ticks: Ticks(500) }
    }

    #[test]
    fn readings_are_spread_over_the_monotonic_time() {
        let span = anchor().until(Duration::from_micros(100), Ticks(1_500));
        assert_eq!(span.time_of(Ticks(500)).as_micros(), 1_000_000);
        assert_eq!(span.time_of(Ticks(1_000)).as_micros(), 1_000_050);
        assert_eq!(span.time_of(Ticks(1_500)).as_micros(), 1_000_100);
    }

    #[test]
    fn a_counter_that_jumps_is_clamped_to_the_segment() {
        let span = anchor().until(Duration::from_micros(100), Ticks(1_500));
        assert_eq!(span.time_of(Ticks(0)).as_micros(), 1_000_000);
        assert_eq!(span.time_of(Ticks(u64::MAX)).as_micros(), 1_000_100);
    }

    #[test]
    fn a_counter_that_stood_still_gives_the_start() {
        let span = anchor().until(Duration::from_micros(100), Ticks(400));
        assert_eq!(span.time_of(Ticks(600)).as_micros(), 1_000_000);
    }

    #[test]
    fn the_ruler_does_not_run_backwards_on_one_thread() {
        let readings: Vec<_> = (0..1_000).map(|_| ticks()).collect();
        assert!(readings.is_sorted());
    }
}
