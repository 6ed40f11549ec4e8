//! The table: one fault after the other.

use std::error::Error;

use super::bed::{Bed, RATE};
use super::cell::{Cell, Ended};
use super::cells::CELLS;
use super::judge::judge;
use super::seen::Seen;

/// Runs the faults whose names contain `only`, and of these one of each kind if it is to be short; prints the table.
///
/// # Errors
/// When a cell is worse than expected.
pub(crate) fn run(only: Option<&str>, is_short: bool) -> Result<(), Box<dyn Error>> {
    println!("### Faults\n\n1 kB documents by UDP at {} a second.\n", RATE);
    println!(
        "| fault | spool | sent | may be lost | lost | the ledger says | the kernel says | twice | verdict |\n|---|---|---|---|---|---|---|---|---|"
    );
    let (mut worse, mut run) = (0, 0);
    let is_wanted = |cell: &&Cell| only.is_none_or(|only| cell.name.contains(only)) && (!is_short || cell.is_in_short_runs);
    for cell in CELLS.iter().filter(is_wanted) {
        let verdict = match try_cell(cell) {
            Ok(Ok(seen)) => print_row(cell, &seen),
            Ok(Err(why)) => {
                println!("| {} | {} | | | | | | | skipped: {why} |", cell.name, cell.setup.spool.name());
                continue;
            }
            Err(error) => {
                println!("| {} | {} | | | | | | | **failed**: {error} |", cell.name, cell.setup.spool.name());
                false
            }
        };
        run += 1;
        worse += u32::from(!verdict);
    }
    println!();
    if worse > 0 { Err(format!("{worse} of {run} cells are worse than expected").into()) } else { Ok(()) }
}

/// What was seen, or why it was skipped.
fn try_cell(cell: &Cell) -> Result<Result<Seen, String>, Box<dyn Error>> {
    let mut bed = Bed::new(cell.setup)?;
    match (cell.happens)(&mut bed)? {
        Ended::Skipped(why) => Ok(Err(why)),
        Ended::ToBeJudged => Ok(Ok(bed.settle()?)),
    }
}

fn print_row(cell: &Cell, seen: &Seen) -> bool {
    let verdict = judge(cell, seen);
    let word = verdict.as_ref().map_or_else(|worse| format!("**worse**: {worse}"), |()| "as expected".into());
    let reasons = if seen.reasons.is_empty() { String::new() } else { format!(" ({})", seen.reasons) };
    println!(
        "| {} | {} | {} | {} | {} | {}{reasons} | {} | {} | {word} |",
        cell.name,
        cell.setup.spool.name(),
        seen.sent,
        cell.loses,
        seen.lost(),
        seen.ledger,
        seen.kernel,
        seen.duplicates
    );
    verdict.is_ok()
}
