//! The agent as a process of its own, beside AWS's X-Ray daemon: the same load, the same sink, in turn, in one run.
//!
//! The daemon is a program of somebody else. Its binary is expected at `target/peers/xray`, or where `--daemon` says; without it our agent is
//! measured alone. Both have their defaults, but for ports and endpoint.

mod ledger;

mod running;

mod contestant;

mod trial;

mod rates;

mod shapes;

mod outage;

mod stop;

mod side_by_side;

pub(crate) use contestant::{Contestant, is_root};
pub(crate) use ledger::Status;
pub(crate) use outage::long as long_outage;
pub(crate) use running::{Running, ask, exchange, exchange_on};
pub(crate) use side_by_side::{Settings, run};
