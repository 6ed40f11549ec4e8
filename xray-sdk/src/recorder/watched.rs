//! [`Watched`]: what a sampler wants to know of a segment's end.

use std::sync::Arc;

use telemetry_wire::Flags;

use super::sink::Recorder;
use crate::clock::{Ticks, ticks, wall_now};
use crate::emitter::CounterCells;
use crate::sampling::{SamplingDecision, SegmentOutcome};

/// Kept beside a segment, recorded or not, whose sampling rule asks for it.
pub(crate) struct Watched {
    recorder: &'static Recorder,
    rule_name: Option<Arc<str>>,
    is_sampled: bool,
    service: String,
    operation: Option<String>,
    began: Ticks,
    pub(crate) flags: Flags,
    pub(crate) status: Option<u16>,
}

impl Watched {
    pub(super) fn new(
        recorder: &'static Recorder,
        decision: &SamplingDecision,
        service: &str,
        method: Option<&str>,
        path: Option<&str>,
    ) -> Self {
        Self {
            recorder,
            rule_name: decision.rule_name.clone(),
            is_sampled: decision.is_sampled,
            service: service.to_owned(),
            operation: method.zip(path).map(|(method, path)| format!("{method} {path}")),
            began: ticks(),
            flags: Flags::default(),
            status: None,
        }
    }

    /// Tells the sampler. Returns whether the segment is sent although it is not sampled.
    pub(crate) fn ended(&self, recorded: Option<Flags>) -> bool {
        let flags = recorded.unwrap_or(self.flags);
        let is_wanted = self.recorder.sampler.ended(&SegmentOutcome {
            rule_name: self.rule_name.as_deref(),
            is_sampled: self.is_sampled,
            service: &self.service,
            operation: self.operation.as_deref(),
            status: self.status,
            is_error: flags.error,
            is_fault: flags.fault,
            is_throttled: flags.throttle,
            duration: self.began.elapsed(),
            now: wall_now().seconds(),
        });
        let is_captured = is_wanted && !self.is_sampled && recorded.is_some();
        CounterCells::add(&self.recorder.counters.segments_captured, is_captured.into());
        is_captured
    }
}
