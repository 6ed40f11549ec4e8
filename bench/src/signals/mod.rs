//! All three signals through every fault, on every way in: `cargo run --release -p bench -- signals`.
//!
//! Each item has a number: segments by UDP, by HTTP and by HTTP on a Unix socket, values of StatsD, lines of log files. What arrived is
//! compared with what was sent and with the agent's ledger. What a fault may cost is written beside it, in `cells`, before it happens.

mod volume;

mod log_writer;

mod lanes;

mod cell;

mod bed;

mod judge;

mod happenings;

mod cells;

mod matrix;

pub(crate) use matrix::run;
