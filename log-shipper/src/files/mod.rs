//! One look at all files, without waiting for anything. What it costs is linear in the files.
//!
//! `finding` finds them, `reading` reads them, `rotation` finds the generation or the copy that has what was not read, `resting` has
//! the renamed files that are read to their end, `books` knows which are open and how far they are delivered.

#[expect(clippy::module_inception, reason = "a file is named after its type")]
mod files;

mod former;

mod examined;

mod books;

mod resting;

mod rotation;

mod finding;

mod reading;

pub(crate) use files::{Books, Files, Outlet};
