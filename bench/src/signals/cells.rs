//! What goes wrong, and what it may cost: a catalogue, written before the run.

use std::error::Error;

use super::bed::Bed;
use super::cell::{Cell, Losses};
use super::happenings as h;
use super::log_writer::Layout;
use super::volume::Volume;
use crate::sink::{Conduct, Door, Fault};

/// A fault that costs nothing; the others say in what they differ.
const CELL: Cell = Cell {
    name: "none",
    volume: Volume::Here,
    layout: Layout::Rename,
    loses: Losses::NONE,
    repeats: false,
    happens: |bed| bed.through(Conduct::default()),
    is_in_short_runs: false,
};
/// One in which connections break, and with them the answers to calls that were taken.
const OUTAGE: Cell = Cell { repeats: true, ..CELL };

fn half(bed: &mut Bed, fault: Fault) -> Result<(), Box<dyn Error>> {
    bed.through(Conduct::with(0.5, fault))
}

/// Faults that are tried on each file system.
const FAULTS: [Cell; 11] = [
    CELL,
    Cell { name: "every call throttled, then none", happens: |bed| bed.through(Conduct::with(1.0, Fault::Throttled)), ..CELL },
    Cell { name: "half of the calls unavailable", happens: |bed| half(bed, Fault::Unavailable), ..CELL },
    Cell { name: "half of the calls reset after accepting", happens: |bed| half(bed, Fault::ResetAfter), is_in_short_runs: true, ..OUTAGE },
    Cell { name: "no answers", happens: |bed| bed.through(Conduct::behind(Door::Hanging)), ..OUTAGE },
    Cell { name: "connections refused", happens: |bed| bed.through(Conduct::behind(Door::Shut)), ..OUTAGE },
    Cell { name: "SIGTERM and restart", happens: h::stopped, ..CELL },
    Cell { name: "SIGTERM and restart in an outage", happens: h::stopped_in_an_outage, ..OUTAGE },
    Cell { name: "kill -9 and restart", loses: Losses::BY_A_KILL, happens: h::killed, ..OUTAGE },
    Cell {
        name: "kill -9 and restart in an outage",
        loses: Losses::BY_A_KILL,
        happens: h::killed_in_an_outage,
        is_in_short_runs: true,
        ..OUTAGE
    },
    Cell { name: "three reloads", happens: h::reloaded, is_in_short_runs: true, ..CELL },
];

/// Those that are tried once.
const ONCE: [Cell; 2] = [
    Cell { name: "disk full in an outage", volume: Volume::Small, happens: h::disk_full, ..OUTAGE },
    Cell { name: "the clock jumps a day forth and two back", happens: h::clock_jumps, ..CELL },
];

const LAYOUTS: [Layout; 7] =
    [Layout::Rename, Layout::CopyTruncate, Layout::CopyTruncateMatched, Layout::Compress, Layout::OldDir, Layout::Dated, Layout::Link];

/// The rotations of a layout: while the agent runs, while it is down, and several between two looks.
fn rotations(layout: Layout) -> Vec<Cell> {
    let cell = Cell { layout, ..CELL };
    let is_in_short_runs = matches!(layout, Layout::CopyTruncate);
    let mut cells = vec![Cell { name: "rotation while it runs", happens: h::rotated_while_it_runs, is_in_short_runs, ..cell }];
    cells.push(match layout {
        Layout::Compress => Cell { name: "rotation while it is down", happens: h::rotated_once_while_it_is_down, ..cell },
        // Nothing but the link leads to the file.
        Layout::Link => Cell { name: "rotation while it is down", happens: h::rotated_once_while_it_is_down, ..cell },
        _ => Cell { name: "three rotations while it is down", happens: h::rotated_while_it_is_down, is_in_short_runs, ..cell },
    });
    if !matches!(layout, Layout::Compress | Layout::Link) {
        cells.push(Cell { name: "three rotations between two looks", happens: h::rotated_at_once, ..cell });
    }
    cells
}

/// All cells, or those of short runs.
pub(super) fn cells(is_short: bool) -> Vec<Cell> {
    let rotations: Vec<Cell> = LAYOUTS.into_iter().flat_map(rotations).collect();
    let all = FAULTS.into_iter().chain(rotations);
    if is_short {
        return all.filter(|cell| cell.is_in_short_runs).collect();
    }
    let on = |volume| move |cell: Cell| Cell { volume, ..cell };
    all.clone().map(on(Volume::Ext4)).chain(all.map(on(Volume::Xfs))).chain(ONCE).collect()
}
