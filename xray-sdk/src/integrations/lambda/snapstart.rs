//! [`SnapStart`].

use lambda_runtime::{BoxFuture, Error, SnapStartResource};

use super::invocation::restored;
use crate::recorder::{FLUSH_TIMEOUT, current_recorder};

/// For `register_snapstart_resource`: nothing recorded before the snapshot is sent twice, ids and sampling differ between the sandboxes that
/// are restored from it, and the first invocation after is a cold start. Never fails.
#[derive(Clone, Copy, Debug, Default)]
pub struct SnapStart {}

impl SnapStart {
    /// The resource.
    #[must_use]
    pub const fn new() -> Self {
        Self {}
    }
}

impl SnapStartResource for SnapStart {
    fn before_snapshot(&self) -> BoxFuture<'_, Result<(), Error>> {
        if let Some(recorder) = current_recorder() {
            recorder.flush(FLUSH_TIMEOUT);
        }
        Box::pin(async { Ok(()) })
    }

    /// Trace ids and the ids of segments have the time folded in; what else is drawn repeats on threads other than this.
    fn after_restore(&self) -> BoxFuture<'_, Result<(), Error>> {
        fastrand::seed(crate::clock::wall_now().as_micros());
        restored();
        Box::pin(async { Ok(()) })
    }
}
