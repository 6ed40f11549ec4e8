//! [`XraySampler`].

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{Link, SpanKind, TraceContextExt as _};
use opentelemetry::{Context, KeyValue, TraceId};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};
use xray_sdk::sampling::{Sampler, SamplingRequest};

use crate::attributes::{SAMPLING_RULE, path_of_url, text};
use crate::incoming::Incoming;

/// Asks a sampler of `xray-sdk`, such as that of X-Ray's rules, where the caller has not decided. Rules see host, method and path as the
/// span's attributes tell them when it starts, and the other attributes for rules with attributes.
#[derive(Clone)]
pub struct XraySampler {
    inner: Arc<dyn Sampler>,
    service: Arc<str>,
    service_type: Option<Arc<str>>,
}

impl fmt::Debug for XraySampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("XraySampler").field("service", &self.service).finish_non_exhaustive()
    }
}

impl XraySampler {
    /// A sampler for a service of this name.
    pub fn new(service: &str, sampler: impl Sampler + 'static) -> Self {
        Self { inner: Arc::new(sampler), service: service.into(), service_type: None }
    }

    /// Tells where the service runs, by its origin, such as `AWS::ECS::Container`. Default: unknown.
    #[must_use]
    pub fn service_type(mut self, origin: &str) -> Self {
        self.service_type = Some(origin.into());
        self
    }

    fn decide(&self, attributes: &[KeyValue]) -> (bool, Option<Arc<str>>) {
        let path = text(attributes, &["url.path", "http.target", "http.route"]).map(str::to_owned).or_else(|| path_of_url(attributes));
        let pairs: Vec<(&str, String)> = attributes.iter().map(|pair| (pair.key.as_str(), pair.value.as_str().into_owned())).collect();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let request = SamplingRequest {
            service: &self.service,
            host: text(attributes, &["server.address", "http.host", "net.host.name"]),
            method: text(attributes, &["http.request.method", "http.method"]),
            path: path.as_deref().map(|path| path.split('?').next().unwrap_or_default()),
            service_type: self.service_type.as_deref(),
            attributes: &pairs,
            ..SamplingRequest::default()
        };
        let decision = self.inner.decide(&request, now());
        (decision.is_sampled, decision.rule_name)
    }
}

#[expect(clippy::disallowed_methods, reason = "rules count by the second of the wall clock")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl ShouldSample for XraySampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        _: TraceId,
        _: &str,
        _: &SpanKind,
        attributes: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let span = parent.map(|context| context.span());
        let parent_context = span.as_ref().map(|span| span.span_context()).filter(|context| context.is_valid());
        let trace_state = parent_context.map(|context| context.trace_state().clone()).unwrap_or_default();
        let is_undecided = |context: &opentelemetry::trace::SpanContext| {
            let incoming = parent.and_then(|parent| parent.get::<Incoming>()).filter(|incoming| incoming.trace == context.trace_id());
            // What came in lives on in the contexts of our own spans.
            context.is_remote() && incoming.is_some_and(|incoming| incoming.is_undecided)
        };
        let (is_sampled, rule) = match parent_context {
            Some(context) if !is_undecided(context) => (context.is_sampled(), None),
            _ => self.decide(attributes),
        };
        let decision = if is_sampled { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop };
        let attributes = rule.map(|rule| KeyValue::new(SAMPLING_RULE, rule.to_string())).into_iter().collect();
        SamplingResult { decision, attributes, trace_state }
    }
}
