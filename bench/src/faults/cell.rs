//! [`Cell`]: a fault and what is expected of it.

use std::error::Error;
use std::fmt;

use super::bed::Bed;
use super::setup::Setup;

/// One fault.
pub(super) struct Cell {
    pub(super) name: &'static str,
    pub(super) setup: Setup,
    pub(super) loses: Loses,
    pub(super) doubles: Doubles,
    pub(super) happens: fn(&mut Bed) -> Result<Ended, Box<dyn Error>>,
    /// One of each kind is: an outage, partial success, a graceful stop, a kill.
    pub(super) is_in_short_runs: bool,
}

/// What may be lost beside what the kernel dropped.
#[derive(Clone, Copy, Debug)]
pub(super) enum Loses {
    Nothing,
    WhatTheLedgerSays,
    AtMost(u64),
}

/// Whether documents may arrive twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubles {
    None,
    /// What was under way when connections broke.
    UnderWay,
    Some,
}

/// How a fault ended.
pub(super) enum Ended {
    ToBeJudged,
    Skipped(String),
}

impl fmt::Display for Loses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::WhatTheLedgerSays => f.write_str("what the ledger says"),
            Self::AtMost(most) => write!(f, "at most {most}"),
        }
    }
}
