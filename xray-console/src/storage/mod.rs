//! SQLite: one thread writes in groups, a few connections read.
//!
//! A write is answered after its commit. Writes that arrive together share a commit, which is what makes 50,000 segments a
//! second possible. Documents lie in rowid tables: without rowids the file is three times as large and half as fast.
//! The oldest data goes when the byte budget is reached; [`Storage::usage`] says how much went.

mod schema;

mod eviction;

mod error;

mod writer;

mod store;

pub use error::StorageError;
pub(crate) use store::Storage;
