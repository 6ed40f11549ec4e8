//! [`Cell`]: a fault, where it happens, and what it may cost.

use std::error::Error;

use super::bed::Bed;
use super::log_writer::Layout;
use super::volume::Volume;

/// One fault.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    pub(super) name: &'static str,
    pub(super) volume: Volume,
    pub(super) layout: Layout,
    pub(super) loses: Losses,
    /// Items may arrive more than once.
    pub(super) repeats: bool,
    pub(super) happens: fn(&mut Bed) -> Result<(), Box<dyn Error>>,
    pub(super) is_in_short_runs: bool,
}

/// What may be lost at most, beside datagrams that the kernel dropped: segments by UDP, values of StatsD. An acknowledged segment and a
/// line never.
#[derive(Clone, Copy, Debug)]
pub(super) struct Losses {
    pub(super) datagrams: u64,
    pub(super) values: u64,
}
