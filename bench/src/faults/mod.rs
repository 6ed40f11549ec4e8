//! Our agent in everything that goes wrong, judged by the ids of the documents: `cargo run --release -p bench -- faults`.
//!
//! What is to be expected is written beside each fault, in [`cells`], before it happens. A fault that may cost segments may cost those
//! that the agent's own ledger and the kernel's count of drops say, and not one more.

mod setup;

mod seen;

mod bed;

mod cell;

mod judge;

mod processes;

mod disks;

mod clients;

mod cells;

mod matrix;

pub(crate) use matrix::run;
