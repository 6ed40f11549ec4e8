//! Work that goes on elsewhere, in the context of who starts it.

use std::thread::JoinHandle;

use crate::entity::Context;

/// Starts a thread that works in the current context.
///
/// ```
/// let segment = xray_sdk::Segment::begin("import");
/// segment.context().in_scope(|| {
///     let counting = xray_sdk::spawn_thread(|| drop(xray_sdk::subsegment("count lines")));
///     counting.join().unwrap();
/// });
/// ```
pub fn spawn_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    std::thread::spawn(in_current_context(work))
}

/// Work that runs in the context that is current now, wherever it runs: for thread pools and callbacks.
///
/// ```
/// # let pool = |work: Box<dyn FnOnce() + Send>| work();
/// pool(Box::new(xray_sdk::in_current_context(|| drop(xray_sdk::subsegment("resize")))));
/// ```
pub fn in_current_context<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let context = Context::current();
    move || context.in_scope(work)
}
