//! AWS's small languages, pure: no I/O, no clock, no storage.
//!
//! [`filter`] has X-Ray's filter expressions.

pub mod filter;
