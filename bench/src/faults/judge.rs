//! What was seen, beside what was expected.

use super::cell::{Cell, Doubles, Loses};
use super::seen::Seen;

/// Eight calls of fifty documents.
const UNDER_WAY: u64 = 8 * 50;

/// Whether it is as expected, or what is worse.
pub(super) fn judge(cell: &Cell, seen: &Seen) -> Result<(), String> {
    let by_agent = seen.lost().saturating_sub(seen.kernel);
    let is_as_said = seen.lost() == seen.ledger + seen.kernel;
    let losses = match cell.loses {
        Loses::Nothing => (by_agent == 0 && seen.ledger == 0).then_some(()).ok_or("lost segments"),
        Loses::WhatTheLedgerSays => is_as_said.then_some(()).ok_or("lost other segments than the ledger says"),
        Loses::AtMost(most) => (by_agent <= most).then_some(()).ok_or("lost more"),
    };
    let most_doubles = match cell.doubles {
        Doubles::None => 0,
        Doubles::UnderWay => UNDER_WAY,
        Doubles::Some => u64::MAX,
    };
    let doubles = (seen.duplicates <= most_doubles).then_some(()).ok_or("sent twice");
    let strangers = if seen.strangers == 0 { Ok(()) } else { Err("sent what nobody gave it") };
    let ended = if seen.held == 0 { Ok(()) } else { Err(format!("{} are still held", seen.held)) };
    ended.and(losses.and(doubles).and(strangers).map_err(str::to_owned))
}
