//! The way in: bounded in memory, and from there to disk.
//!
//! Next: the [`pump`](crate::pump) takes from it; the [`keeper`](crate::keeper) takes what it sends away.

mod item;

mod inbox;

#[expect(clippy::module_inception, reason = "the queue is what the folder is for")]
mod queue;

pub use item::{Held, Item, Patience, allocated};
pub use queue::Queue;

pub(crate) use inbox::Letter;
