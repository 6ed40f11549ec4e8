//! Streams in a subsegment that ends with them.
//!
//! ```
//! use xray_sdk::stream::StreamExt as _;
//! # fn lines() -> impl futures_core::Stream<Item = u32> { futures_util::stream::iter([1, 2]) }
//!
//! let lines = lines().in_subsegment("read lines");
//! # drop(lines);
//! ```
//!
//! The subsegment begins at the first poll and counts items as metadata. A stream that is dropped before its end is no error: whoever took
//! the first ten was served.

mod wrap;

pub use wrap::{InContext, InSubsegment, StreamExt};
