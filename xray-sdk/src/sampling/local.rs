//! [`LocalSampler`]: rules from a file or the built-in default.

use telemetry_wire::sampling::{LocalRule, LocalRules, LocalRulesError, Rate};

use super::decision::{Sampler, SamplingDecision, SamplingRequest, is_drawn};
use super::reservoir::Reservoir;
use super::wildcard::Pattern;

/// Samples by local rules. The default has none: one request per second, and 5 % of the rest.
#[derive(Debug)]
pub struct LocalSampler {
    rules: Vec<Rule>,
    default: (Rate, Reservoir),
}

#[derive(Debug)]
struct Rule {
    host: Pattern,
    method: Pattern,
    path: Pattern,
    rate: Rate,
    reservoir: Reservoir,
}

impl Rule {
    fn new(rule: LocalRule) -> Self {
        let LocalRule { host, http_method, url_path, rate, .. } = rule;
        let (host, method, path) = (Pattern::new(host), Pattern::new(http_method), Pattern::new(url_path));
        Self { host, method, path, rate, reservoir: Reservoir::default() }
    }

    /// The path first: it tells most rules apart.
    #[inline]
    fn is_for(&self, request: &SamplingRequest<'_>) -> bool {
        let passes = |pattern: &Pattern, value: Option<&str>| value.is_none_or(|value| pattern.matches(value));
        passes(&self.path, request.path) && passes(&self.method, request.method) && passes(&self.host, request.host)
    }
}

impl LocalSampler {
    /// Takes rules.
    #[must_use]
    pub fn new(rules: LocalRules) -> Self {
        let LocalRules { rules, default } = rules;
        Self { rules: rules.into_iter().map(Rule::new).collect(), default: (default, Reservoir::default()) }
    }

    /// Reads the JSON of a rules file, version 1 or 2.
    ///
    /// # Errors
    /// Names the rule and field that is wrong.
    pub fn parse(text: &str) -> Result<Self, LocalRulesError> {
        LocalRules::parse(text).map(Self::new)
    }
}

impl Default for LocalSampler {
    fn default() -> Self {
        Self::new(LocalRules { rules: Vec::new(), default: Rate::default() })
    }
}

impl Sampler for LocalSampler {
    fn decide(&self, request: &SamplingRequest<'_>, now: u64) -> SamplingDecision {
        let matching = self.rules.iter().find(|rule| rule.is_for(request)).map(|rule| (&rule.rate, &rule.reservoir));
        let (rate, reservoir) = matching.unwrap_or((&self.default.0, &self.default.1));
        SamplingDecision::unnamed(reservoir.take(rate.fixed_target, now) || is_drawn(rate.rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = r#"{"version":2,"default":{"fixed_target":0,"rate":0},"rules":[
        {"host":"*.shop.com","http_method":"GET","url_path":"/health","fixed_target":0,"rate":0},
        {"host":"*","http_method":"*","url_path":"/pay/*","fixed_target":2,"rate":0},
        {"host":"*","http_method":"POST","url_path":"*","fixed_target":0,"rate":1}]}"#;

    fn request<'a>(host: &'a str, method: &'a str, path: &'a str) -> SamplingRequest<'a> {
        SamplingRequest { service: "s", host: Some(host), method: Some(method), path: Some(path), ..SamplingRequest::default() }
    }

    #[test]
    fn the_first_matching_rule_decides() {
        let sampler = LocalSampler::parse(RULES).unwrap();
        let sampled = |request| sampler.decide(&request, 7).is_sampled;
        assert!(!sampled(request("www.shop.com", "GET", "/health")));
        assert!(sampled(request("x", "POST", "/cart")));
        assert!(!sampled(request("x", "GET", "/cart")));
        let paid = (0..5).filter(|_| sampled(request("x", "POST", "/pay/card"))).count();
        assert_eq!(paid, 2, "the reservoir of the second rule, although the third would take all");
    }

    #[test]
    fn the_default_is_one_per_second_and_five_percent() {
        fastrand::seed(1);
        let sampler = LocalSampler::default();
        assert!(sampler.decide(&SamplingRequest::default(), 1).is_sampled);
        let drawn = (0..10_000).filter(|_| sampler.decide(&SamplingRequest::default(), 1).is_sampled).count();
        assert!((400..600).contains(&drawn), "{drawn}");
    }

    #[test]
    fn a_request_without_a_host_passes_host_patterns() {
        let sampler = LocalSampler::parse(RULES).unwrap();
        assert!(
            !sampler.decide(&SamplingRequest { method: Some("GET"), path: Some("/health"), ..SamplingRequest::default() }, 1).is_sampled
        );
    }
}
