//! The trace on messages: of the inputs of AWS operations that have a place for it.

mod carry;
#[cfg(feature = "eventbridge")]
mod events;
#[cfg(feature = "sqs")]
mod sqs;

pub(crate) use carry::{ask_for_trace, carry};
