//! [`Seen`]: what a fault came to.

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
