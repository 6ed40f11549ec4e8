//! Gets batches of anything to a destination, and loses nothing without saying so.
//!
//! This crate knows neither traces nor metrics nor logs. Three questions are kept apart: *whether* a batch may be repeated
//! (the destination answers with a [`Verdict`]), *when* ([`Backoff`], pure) and *how often* ([`Budget`], and the age of the
//! data). Every item that is lost is counted with a [`LossReason`]; the [`Ledger`] guards the invariant
//! `entered + recovered = accepted + lost + held`.
//!
//! Items enter a [`Queue`], a [`Batcher`] cuts them into batches, the [`Pump`] sends and repeats them, and drains on shutdown. What
//! memory has no room for, or must survive the process, a [`Keeper`] takes to disk and back.

mod verdict;

mod classify;

mod backoff;

mod budget;

mod ledger;

mod clock;

mod spool;

mod queue;

mod batcher;

mod drain;

mod pace;

mod pump;

mod keeper;

pub use backoff::Backoff;
pub use batcher::{AffineBatcher, BatchLimits, Batcher};
pub use budget::Budget;
pub use classify::{Failure, classify};
pub use drain::{Drain, DrainSignal};
pub use keeper::{Keeper, Spooled};
pub use ledger::{Ledger, LedgerSnapshot};
pub use pump::{Destination, Outcome, Pump, PumpSettings};
pub use queue::{Held, Item, Patience, Queue, allocated};
pub use spool::{Place, SpoolError, SpoolMode, SpoolSettings, lock_folder};
pub use verdict::{LossReason, Verdict};
