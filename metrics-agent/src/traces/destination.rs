//! [`TraceDestination`]: where the configuration says that segments go.

use std::sync::Arc;

use telemetry_delivery::{Destination, Held, Outcome, Verdict};

use super::failures::Failures;
#[cfg(feature = "otlp")]
use super::otlp::ExportTraces;
use super::put_trace_segments::PutTraceSegments;
use super::rejection::keep_rejected;
use crate::config::Config;
use crate::dead_letters::DeadLetters;
use crate::intake::RawSegment;
#[cfg(feature = "otlp")]
use crate::otlp_settings::TracesTo;
use telemetry_aws::Aws;

/// The destination of segments, and the file of those that it will never take.
#[derive(Debug)]
pub(crate) struct TraceDestination {
    way: Way,
    dead_letters: Option<Arc<DeadLetters>>,
}

#[derive(Debug)]
enum Way {
    Xray(PutTraceSegments),
    #[cfg(feature = "otlp")]
    Otlp(ExportTraces),
}

impl TraceDestination {
    pub(crate) fn new(config: &Config, aws: &Aws, failures: &Arc<Failures>, dead_letters: Option<Arc<DeadLetters>>) -> Self {
        let xray = || Way::Xray(PutTraceSegments::new(Arc::clone(&aws.xray), Arc::clone(failures)));
        let way = match config.traces.to {
            #[cfg(feature = "otlp")]
            TracesTo::Otlp => Way::Otlp(ExportTraces::new(&config.traces.otlp, Arc::clone(&aws.xray), Arc::clone(failures))),
            _ => xray(),
        };
        Self { way, dead_letters }
    }
}

impl Destination<RawSegment> for TraceDestination {
    async fn send(&self, batch: &[Held<RawSegment>]) -> Verdict {
        match &self.way {
            Way::Xray(xray) => xray.send(batch).await,
            #[cfg(feature = "otlp")]
            Way::Otlp(otlp) => otlp.send(batch).await,
        }
    }

    fn ended(&self, segment: &RawSegment, outcome: Outcome) {
        keep_rejected(self.dead_letters.as_deref(), segment, outcome);
    }
}
