//! [`Invocation`]: what is open while a handler runs.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

use lambda_runtime::Context as LambdaContext;
use telemetry_wire::{Timestamp, TraceHeader};

use super::deadline::Watched;
use crate::api::Owner;
use crate::{Classification, Context, Exceptions, Subsegment};

/// Whether this sandbox has served nothing yet.
static IS_COLD: AtomicBool = AtomicBool::new(true);

/// The next invocation is a cold start again: the sandbox was restored from a snapshot.
pub(super) fn restored() {
    IS_COLD.store(true, Ordering::Relaxed);
}

/// The subsegment of an invocation. Ends when dropped.
#[derive(Debug)]
pub(super) struct Invocation {
    // Dropped first: an invocation that has ended is not announced.
    _watched: Option<Watched>,
    pub(super) subsegment: Subsegment,
}

impl Invocation {
    pub(super) fn begin(name: Cow<'static, str>, context: &LambdaContext) -> Self {
        let is_cold = IS_COLD.swap(false, Ordering::Relaxed);
        let header = context.xray_trace_id.as_deref().map(TraceHeader::parse).unwrap_or_default();
        let mut subsegment = Subsegment::begin_below(name, &header);
        if subsegment.is_recording() {
            subsegment.annotate("cold_start", is_cold);
            subsegment.metadata_in("lambda", "request_id", &context.request_id);
            subsegment.metadata_in("lambda", "function_arn", &context.invoked_function_arn);
            if let Some(tenant) = &context.tenant_id {
                subsegment.annotate("tenant_id", tenant.as_str());
            }
        }
        let deadline = Timestamp::from_system_time(context.deadline());
        let watched = subsegment.announcement().map(|announcement| Watched::start(announcement, deadline));
        Self { _watched: watched, subsegment }
    }
}

impl Owner for Invocation {
    fn context(&self) -> Context {
        self.subsegment.context()
    }

    fn changes_context(&self) -> bool {
        self.subsegment.context().is_present()
    }

    fn fail(&mut self, classification: Classification, exceptions: Exceptions) {
        self.subsegment.fail(classification, exceptions);
    }
}

impl Drop for Invocation {
    fn drop(&mut self) {
        if !self.subsegment.is_recording() {
            self.subsegment.context().forget_extras();
        }
    }
}
