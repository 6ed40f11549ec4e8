//! What was seen, beside what was expected.

use super::cells::{Cell, Doubles, Loses};

/// What was seen of a cell.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) sent: u64,
    /// Distinct documents.
    pub(super) arrived: u64,
    pub(super) duplicates: u64,
    /// What all processes of the agent called lost, and what was in the memory of those that were killed.
    pub(super) ledger: u64,
    pub(super) reasons: String,
    /// Documents that nobody sent.
    pub(super) strangers: u64,
    /// Datagrams that the kernel dropped at the agent's port.
    pub(super) kernel: u64,
    /// Still on the way when patience ended.
    pub(super) held: u64,
}

impl Seen {
    pub(super) const fn lost(&self) -> u64 {
        self.sent.saturating_sub(self.arrived)
    }
}

/// Whether it is as expected, or what is worse.
pub(super) fn judge(cell: &Cell, seen: &Seen) -> Result<(), String> {
    let by_agent = seen.lost().saturating_sub(seen.kernel);
    let is_as_said = seen.lost() == seen.ledger + seen.kernel;
    let losses = match cell.loses {
        Loses::Nothing => (by_agent == 0 && seen.ledger == 0).then_some(()).ok_or("lost segments"),
        Loses::WhatTheLedgerSays => is_as_said.then_some(()).ok_or("lost other segments than the ledger says"),
        Loses::AtMost(most) => (by_agent <= most).then_some(()).ok_or("lost more"),
    };
    let doubles = (cell.doubles == Doubles::Some || seen.duplicates == 0).then_some(()).ok_or("sent twice");
    let strangers = if seen.strangers == 0 { Ok(()) } else { Err("sent what nobody gave it") };
    let ended = if seen.held == 0 { Ok(()) } else { Err(format!("{} are still held", seen.held)) };
    ended.and(losses.and(doubles).and(strangers).map_err(str::to_owned))
}
