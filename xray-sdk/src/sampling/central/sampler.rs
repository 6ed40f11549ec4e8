//! [`CentralSampler`].

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;

use super::manifest::Manifest;
use super::poller::Poller;
use crate::agent::Endpoint;
use crate::sampling::decision::{Sampler, SamplingDecision, SamplingRequest};
use crate::sampling::local::LocalSampler;

/// Samples by the rules that are configured in X-Ray, which the agent passes on; by local rules until they arrive, and again when they are an
/// hour old. The default sampler everywhere but in Lambda.
///
/// A thread of its own asks for the rules at the first decision and every 5 minutes, and reports what was counted every 10 seconds; quotas
/// come back with the report. A decision takes no lock, allocates nothing and never waits for the agent.
#[derive(Debug)]
pub struct CentralSampler {
    endpoint: Endpoint,
    manifest: Arc<ArcSwapOption<Manifest>>,
    local: LocalSampler,
    poller: OnceLock<Option<Poller>>,
}

impl CentralSampler {
    /// Asks the agent at `host:port`; `local` decides without it.
    #[must_use]
    pub fn new(agent: impl Into<String>, local: LocalSampler) -> Self {
        Self { endpoint: Endpoint::Tcp(agent.into()), manifest: Arc::default(), local, poller: OnceLock::new() }
    }

    #[cold]
    fn start(&self) -> Option<Poller> {
        let started = Poller::start(self.endpoint.clone(), Arc::clone(&self.manifest));
        started.inspect_err(|error| log::warn!("X-Ray: no thread to ask for sampling rules: {error}; local rules decide")).ok()
    }
}

impl Sampler for CentralSampler {
    fn decide(&self, request: &SamplingRequest<'_>, now: u64) -> SamplingDecision {
        self.poller.get_or_init(|| self.start());
        let manifest = self.manifest.load();
        manifest.as_ref().and_then(|manifest| manifest.decide(request, now)).unwrap_or_else(|| self.local.decide(request, now))
    }
}
