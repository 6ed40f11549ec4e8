//! The table: one fault after the other.

use std::error::Error;

use super::bed::{Bed, Fate, Seen};
use super::cell::Cell;
use super::cells::cells;
use super::judge::judge;

/// Runs the faults whose names contain `only`, a few of them if it is to be short; prints the table.
///
/// # Errors
/// When a cell is worse than expected.
pub(crate) fn run(only: Option<&str>, is_short: bool) -> Result<(), Box<dyn Error>> {
    println!("### All signals\n\nSegments by UDP, HTTP and a Unix socket, StatsD values and log lines, each 1,000 a second.\n");
    println!(
        "| fault | disk | rotation | segments: sent, lost, repeated | values | lines | the ledger says | verdict |\n|---|---|---|---|---|---|---|---|"
    );
    let (mut worse, mut run) = (0, 0);
    for cell in cells(is_short).iter().filter(|cell| only.is_none_or(|only| cell.name.contains(only))) {
        if let Some(missing) = cell.volume.missing() {
            print_row(cell, "| | | |", &format!("skipped: {missing}"));
            continue;
        }
        run += 1;
        let verdict = match try_cell(cell) {
            Ok(seen) => {
                let verdict = judge(cell, &seen);
                print_seen(cell, &seen, &verdict);
                verdict.is_ok()
            }
            Err(error) => {
                print_row(cell, "| | | |", &format!("**failed**: {error}"));
                false
            }
        };
        worse += u32::from(!verdict);
    }
    println!();
    if worse > 0 { Err(format!("{worse} of {run} cells are worse than expected").into()) } else { Ok(()) }
}

fn try_cell(cell: &Cell) -> Result<Seen, Box<dyn Error>> {
    let mut bed = Bed::new(cell)?;
    (cell.happens)(&mut bed)?;
    bed.settle()
}

fn print_seen(cell: &Cell, seen: &Seen, verdict: &Result<(), String>) {
    let fate = |fate: &Fate| format!("{}, {}, {}", fate.sent, fate.lost(), fate.numbers.duplicates);
    let columns = [fate(&seen.segments), fate(&seen.values), fate(&seen.lines), seen.reasons.clone()];
    let word = verdict.as_ref().map_or_else(|worse| format!("**worse**: {worse}"), |()| "as expected".into());
    print_row(cell, &format!("| {} |", columns.join(" | ")), &word);
}

fn print_row(cell: &Cell, columns: &str, verdict: &str) {
    println!("| {} | {} | {} {columns} {verdict} |", cell.name, cell.volume.name(), cell.layout.name());
}
