//! The agent as a whole: three lines from a port to AWS, each of which goes on with another configuration when that is read again.

mod traces;

mod metrics;

#[cfg(feature = "logs")]
mod logs;

mod restart;

mod agent;

pub use agent::Agent;
