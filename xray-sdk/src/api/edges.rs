//! [`Edges`]: what is to be called when something begins and before it ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

type Hook<T> = Box<dyn Fn(&mut T) + Send + Sync>;

/// Set once per process; each kind of entity has its own.
pub(super) struct Edges<T> {
    hooks: OnceLock<(Hook<T>, Hook<T>)>,
}

impl<T> Edges<T> {
    pub(super) const fn new() -> Self {
        Self { hooks: OnceLock::new() }
    }

    /// Whether there were none before.
    pub(super) fn set(&self, began: Hook<T>, ends: Hook<T>) -> bool {
        self.hooks.set((began, ends)).is_ok()
    }

    pub(super) fn began(&self, entity: &mut T) {
        if let Some((began, _)) = self.hooks.get() {
            call(began, entity);
        }
    }

    pub(super) fn ends(&self, entity: &mut T) {
        if let Some((_, ends)) = self.hooks.get() {
            call(ends, entity);
        }
    }
}

/// Entities end while panics unwind: another panic would end the process.
fn call<T>(hook: &Hook<T>, entity: &mut T) {
    if catch_unwind(AssertUnwindSafe(|| hook(entity))).is_err() {
        log::error!("X-Ray: the listener panicked");
    }
}
