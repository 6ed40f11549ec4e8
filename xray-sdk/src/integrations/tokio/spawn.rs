//! Spawning.

use tokio::task::JoinHandle;

use crate::FutureExt as _;
use crate::in_current_context;

/// `tokio::spawn` in the current context.
///
/// # Panics
/// Outside of a runtime, as tokio does.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(future.in_current_context())
}

/// `tokio::task::spawn_blocking` in the current context.
///
/// # Panics
/// Outside of a runtime, as tokio does.
#[track_caller]
pub fn spawn_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    tokio::task::spawn_blocking(in_current_context(work))
}
