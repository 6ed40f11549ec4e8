//! What goes wrong, and what is expected of it: a catalogue, written before the run.

use std::error::Error;
use std::time::Duration;

use super::bed::{Bed, RATE};
use super::cell::{Cell, Doubles, Ended, Loses};
use super::setup::{Setup, Spool};
use super::{clients, disks, processes};
use crate::sink::{Conduct, Door, Fault};

/// The agent's default, and the others.
const OVERFLOW: Setup = Setup { spool: Spool::Overflow, traces: "", is_noisy: false, is_encrypted: false };
const OFF: Setup = Setup { spool: Spool::Off, ..OVERFLOW };
const ALWAYS: Setup = Setup { spool: Spool::Always, ..OVERFLOW };
/// A fault that costs nothing; the others say what they differ in.
const CELL: Cell = Cell {
    name: "",
    setup: OVERFLOW,
    loses: Loses::Nothing,
    doubles: Doubles::None,
    happens: |_| Ok(Ended::ToBeJudged),
    is_in_short_runs: false,
};
/// One in which connections break, and with them the answers to calls that were taken.
const OUTAGE: Cell = Cell { doubles: Doubles::UnderWay, ..CELL };
/// So little that an outage of seconds fills it.
const LITTLE: &str = "memory = 1\n";
const LEDGER: Loses = Loses::WhatTheLedgerSays;
/// `always` promises 100 ms; as much again is for the disk.
const A_MOMENT: Loses = Loses::AtMost(RATE as u64 / 5);

fn through(bed: &mut Bed, conduct: Conduct) -> Result<Ended, Box<dyn Error>> {
    bed.through(conduct).map(|()| Ended::ToBeJudged)
}

/// All faults.
pub(super) const CELLS: &[Cell] = &[
    Cell { name: "none", happens: |bed| through(bed, Conduct::default()), ..CELL },
    Cell { name: "outage: connections refused", happens: |bed| through(bed, Conduct::behind(Door::Shut)), ..OUTAGE },
    Cell {
        name: "outage: connections accepted, no answers",
        happens: |bed| through(bed, Conduct::behind(Door::Hanging)),
        is_in_short_runs: true,
        ..OUTAGE
    },
    Cell {
        name: "outage, memory full",
        setup: Setup { traces: LITTLE, ..OFF },
        loses: LEDGER,
        happens: |bed| through(bed, Conduct::behind(Door::Shut)),
        ..OUTAGE
    },
    Cell {
        name: "outage, memory full",
        setup: Setup { traces: LITTLE, ..OVERFLOW },
        happens: |bed| through(bed, Conduct::behind(Door::Shut)),
        ..OUTAGE
    },
    Cell {
        name: "outage, memory full",
        setup: Setup { traces: LITTLE, ..ALWAYS },
        happens: |bed| through(bed, Conduct::behind(Door::Shut)),
        ..OUTAGE
    },
    Cell { name: "every call throttled, then none", happens: |bed| through(bed, Conduct::with(1.0, Fault::Throttled)), ..CELL },
    Cell { name: "half of the calls throttled", happens: |bed| through(bed, Conduct::with(0.5, Fault::Throttled)), ..CELL },
    Cell { name: "half of the calls unavailable", happens: |bed| through(bed, Conduct::with(0.5, Fault::Unavailable)), ..CELL },
    Cell { name: "half of the calls reset before accepting", happens: |bed| through(bed, Conduct::with(0.5, Fault::ResetBefore)), ..CELL },
    Cell {
        name: "half of the calls reset after accepting",
        doubles: Doubles::Some,
        happens: |bed| through(bed, Conduct::with(0.5, Fault::ResetAfter)),
        ..CELL
    },
    Cell {
        name: "a tenth of the documents unprocessed: throttled",
        happens: |bed| through(bed, Conduct::with(1.0, Fault::Unprocessed(0.1, "ThrottledException"))),
        ..CELL
    },
    Cell {
        name: "a tenth of the documents unprocessed: invalid",
        loses: LEDGER,
        happens: |bed| through(bed, Conduct::with(1.0, Fault::Unprocessed(0.1, "InvalidSegment"))),
        is_in_short_runs: true,
        ..CELL
    },
    Cell { name: "slow reads", happens: |bed| through(bed, Conduct::with(1.0, Fault::SlowRead(Duration::from_millis(200)))), ..CELL },
    Cell { name: "SIGTERM behind the last datagram", setup: OFF, happens: processes::stopped_at_work, is_in_short_runs: true, ..CELL },
    Cell { name: "SIGTERM and restart in an outage", setup: OFF, loses: LEDGER, happens: processes::stopped_in_an_outage, ..OUTAGE },
    Cell { name: "SIGTERM and restart in an outage", happens: processes::stopped_in_an_outage, ..OUTAGE },
    Cell { name: "SIGTERM and restart in an outage", setup: ALWAYS, happens: processes::stopped_in_an_outage, ..OUTAGE },
    Cell { name: "kill -9 and restart in an outage", setup: OFF, loses: LEDGER, happens: processes::killed_in_an_outage, ..OUTAGE },
    Cell {
        name: "kill -9 and restart in an outage",
        setup: Setup { traces: LITTLE, ..OVERFLOW },
        loses: LEDGER,
        happens: processes::killed_in_an_outage,
        ..OUTAGE
    },
    Cell { name: "kill -9 and restart in an outage", setup: ALWAYS, happens: processes::killed_in_an_outage, ..OUTAGE },
    Cell {
        name: "kill -9 behind an answer to a POST",
        setup: ALWAYS,
        happens: processes::killed_after_answers,
        is_in_short_runs: true,
        ..CELL
    },
    Cell {
        name: "kill -9 behind the last datagram",
        setup: ALWAYS,
        loses: A_MOMENT,
        doubles: Doubles::Some,
        happens: processes::killed_at_work,
        ..CELL
    },
    Cell {
        name: "spool quota reached",
        setup: Setup { traces: "memory = 1\nspool_megabytes = 4\n", is_noisy: true, ..OVERFLOW },
        loses: LEDGER,
        happens: |bed| through(bed, Conduct::behind(Door::Shut)),
        ..OUTAGE
    },
    Cell {
        name: "spool folder becomes read-only",
        setup: Setup { traces: "memory = 1\nspool_megabytes = 8\n", is_noisy: true, ..OVERFLOW },
        loses: LEDGER,
        happens: disks::read_only,
        ..OUTAGE
    },
    Cell {
        name: "spool folder vanishes",
        setup: Setup { traces: "memory = 1\nspool_megabytes = 8\n", is_noisy: true, ..OVERFLOW },
        loses: LEDGER,
        happens: disks::vanished,
        ..OUTAGE
    },
    Cell {
        name: "disk full",
        setup: Setup { traces: "memory = 1\nspool_share = 100\n", is_noisy: true, ..OVERFLOW },
        loses: LEDGER,
        happens: disks::full,
        ..OUTAGE
    },
    Cell { name: "no file descriptors left", happens: processes::without_descriptors, ..OUTAGE },
    Cell {
        name: "no file descriptors left, memory full",
        setup: Setup { traces: LITTLE, ..OVERFLOW },
        loses: LEDGER,
        happens: processes::without_descriptors,
        ..OUTAGE
    },
    Cell {
        name: "the clock jumps a day forth and two back",
        setup: Setup { traces: LITTLE, ..OVERFLOW },
        happens: processes::clock_jumps,
        ..OUTAGE
    },
    Cell { name: "credentials expire, the process has new ones", happens: processes::credentials_expire, ..CELL },
    Cell { name: "credentials are revoked, the process has new ones", happens: processes::credentials_revoked, ..CELL },
    Cell { name: "keys are refused, their file has new ones", happens: processes::credentials_replaced, ..CELL },
    Cell {
        name: "AWS's certificate has expired",
        setup: Setup { is_encrypted: true, ..OVERFLOW },
        happens: |bed| through(bed, Conduct::behind(Door::Expired)),
        ..OUTAGE
    },
    Cell { name: "garbage floods the port", happens: clients::garbage, ..CELL },
    Cell { name: "slow clients on each TCP port", happens: clients::slow_loris, ..CELL },
    Cell { name: "1,500 idle connections on each TCP port", happens: clients::idle_connections, ..OUTAGE },
];
