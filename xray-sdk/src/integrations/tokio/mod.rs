//! Tasks of tokio, in the context of who spawns them.
//!
//! ```
//! # async fn refresh() {}
//! # async fn run() {
//! xray_sdk::tokio::spawn(refresh());                        // instead of tokio::spawn
//! xray_sdk::tokio::spawn_blocking(|| drop(xray_sdk::subsegment("hash")));
//! # }
//! ```
//!
//! A task may outlive its segment: what it records then follows as documents of its own, below the right parent.

mod spawn;

pub use spawn::{spawn, spawn_blocking};
