//! [`CentralSampler`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arc_swap::ArcSwapOption;

use super::anomalies::Anomalies;
use super::manifest::Manifest;
use super::poller::Poller;
use crate::agent::Endpoint;
use crate::sampling::decision::{Sampler, SamplingDecision, SamplingRequest, SegmentOutcome, Watch};
use crate::sampling::local::LocalSampler;

/// Samples by the rules that are configured in X-Ray, which the agent passes on; by local rules until they arrive, and again when they are an
/// hour old. The default sampler everywhere but in Lambda.
///
/// A thread of its own asks for the rules at the first decision and every 5 minutes, and reports what was counted every 10 seconds; quotas
/// come back with the report. A decision takes no lock, allocates nothing and never waits for the agent.
///
/// Rules may have a boost: how their requests end is counted and reported, and the service answers with a higher rate for as long as too
/// many go wrong. [`Self::capture_anomalies`] does not wait for that.
#[derive(Debug)]
pub struct CentralSampler {
    endpoint: Endpoint,
    manifest: Arc<ArcSwapOption<Manifest>>,
    local: LocalSampler,
    anomalies: Anomalies,
    poller: ArcSwapOption<Poller>,
    /// One more than the forks before this process, once it has a poller or could not start one.
    started: AtomicU32,
}

impl CentralSampler {
    /// Asks the agent at `host:port`; `local` decides without it.
    #[must_use]
    pub fn new(agent: impl Into<String>, local: LocalSampler) -> Self {
        Self {
            endpoint: Endpoint::Tcp(agent.into()),
            manifest: Arc::default(),
            local,
            anomalies: Anomalies::default(),
            poller: ArcSwapOption::empty(),
            started: AtomicU32::new(0),
        }
    }

    /// Which requests have gone wrong: for the boost of rules, and to be captured. Default: faults, so status 5xx.
    ///
    /// ```
    /// use std::time::Duration;
    /// use xray_sdk::sampling::{CentralSampler, LocalSampler};
    ///
    /// let sampler = CentralSampler::new("127.0.0.1:2000", LocalSampler::default())
    ///     .anomaly(|outcome| outcome.is_fault || outcome.duration > Duration::from_secs(2))
    ///     .capture_anomalies(1);
    /// ```
    #[must_use]
    pub fn anomaly(mut self, is_anomaly: impl Fn(&SegmentOutcome<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.anomalies.when(is_anomaly);
        self
    }

    /// Sends so many segments per second that have gone wrong although they were not sampled. For that all are recorded, with what is
    /// inside them in this process, and most thrown away: a request that is not sampled then costs nearly what a sampled one does.
    /// Services that it calls are told that it is not sampled. Default: none.
    #[must_use]
    pub const fn capture_anomalies(mut self, per_second: u32) -> Self {
        self.anomalies.capture(per_second);
        self
    }

    /// Starts the thread, once per process: a child of a fork has none of its parent's.
    #[cold]
    fn start(&self, service: &str, process: u32) {
        let before = self.started.swap(process, Ordering::Relaxed);
        if before == process {
            return;
        }
        crate::fork::watch();
        match Poller::start(self.endpoint.clone(), Arc::clone(&self.manifest), service.to_owned()) {
            // The parent's is not dropped: that would wake a thread that is not there.
            Ok(poller) => std::mem::forget(self.poller.swap(Some(Arc::new(poller)))),
            Err(error) => log::warn!("X-Ray: no thread to ask for sampling rules: {error}; local rules decide"),
        }
    }
}

impl Sampler for CentralSampler {
    fn decide(&self, request: &SamplingRequest<'_>, now: u64) -> SamplingDecision {
        let process = crate::fork::count() + 1;
        if self.started.load(Ordering::Relaxed) != process {
            self.start(request.service, process);
        }
        let manifest = self.manifest.load();
        let decided = manifest.as_ref().and_then(|manifest| manifest.decide(request, now));
        let mut decision = decided.unwrap_or_else(|| self.local.decide(request, now));
        if !decision.is_sampled && self.anomalies.are_captured() {
            decision.watch = Watch::Everything;
        }
        decision
    }

    fn ended(&self, outcome: &SegmentOutcome<'_>) -> bool {
        let is_anomaly = self.anomalies.is_anomaly(outcome);
        if let Some(manifest) = &*self.manifest.load() {
            manifest.ended(outcome, is_anomaly);
        }
        is_anomaly && !outcome.is_sampled && self.anomalies.takes_another(outcome.now)
    }
}
