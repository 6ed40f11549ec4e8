//! The daemon's TCP port: forwards GetSamplingRules and SamplingTargets, signed, and nothing else unless told to; documents are taken beside
//! it.
//!
//! The X-Ray daemon signs any path with its role. Here two paths pass, with their bodies as they are: typed clients would drop
//! fields that they do not know.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use tokio::sync::watch;

use super::rules_cache::RulesCache;
use crate::guard::refuse_browsers;
use telemetry_aws::{Answer, Aws, JSON, Service, chain_of};

/// SDKs give up after 2 seconds or never; in between the service has time to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
const RULES: &str = "/GetSamplingRules";
const TARGETS: &str = "/SamplingTargets";
/// Statistics of 25 rules are a few kilobytes.
const BODY: usize = 256 * 1024;

const NOT_FORWARDED: &str =
    "only /GetSamplingRules, /SamplingTargets and what traces.forward names are forwarded, and /TraceSegments is taken\n";

/// Operations of Application Signals, which SDKs of dynamic instrumentation call at the daemon's port.
const OF_APPLICATION_SIGNALS: [&str; 2] = ["/list-instrumentation-configurations", "/report-instrumentation-configuration-status"];

/// What signing and sending need.
#[derive(Debug)]
pub(crate) struct Proxy {
    xray: Arc<Service>,
    application_signals: Option<Arc<Service>>,
    rules: RulesCache,
    /// Paths that pass too.
    more: Vec<String>,
}

impl Proxy {
    pub(crate) fn new(aws: &Aws, more: &[String]) -> Arc<Self> {
        let (xray, application_signals) = (Arc::clone(&aws.xray), aws.application_signals.clone());
        Arc::new(Self { xray, application_signals, rules: RulesCache::default(), more: more.to_vec() })
    }

    fn passes(&self, path: &str) -> bool {
        [RULES, TARGETS].contains(&path) || self.more.iter().any(|more| more == path)
    }

    /// Rules come from the cache, if they are there; what is said of targets may empty it.
    async fn answer(&self, path: &str, body: Bytes) -> Result<Answer, String> {
        let ask = async |body| self.forward(path, body).await;
        if path == RULES {
            return self.rules.get(body.clone(), ask(body)).await;
        }
        let answer = ask(body).await?;
        if path == TARGETS {
            self.rules.note_targets(&answer.body).await;
        }
        Ok(answer)
    }

    async fn forward(&self, path: &str, body: Bytes) -> Result<Answer, String> {
        let is_other = OF_APPLICATION_SIGNALS.contains(&path);
        let service = self.application_signals.as_ref().filter(|_| is_other).unwrap_or(&self.xray);
        let answer = service.post_within(TIMEOUT, path, JSON, body).await.map_err(|error| chain_of(&error))?;
        if let Some(refusal) = answer.refusal() {
            tracing::debug!(path, "refused: {refusal}");
        }
        Ok(answer)
    }
}

/// The port's routes, beside those that take documents. The proxy may change while the port is open.
pub(crate) fn proxy_routes(proxy: watch::Receiver<Arc<Proxy>>, documents: Router) -> Router {
    let forwarded = Router::new().fallback(forward).layer(axum::extract::DefaultBodyLimit::max(BODY)).with_state(proxy);
    documents.merge(forwarded).layer(middleware::from_fn(refuse_browsers))
}

async fn forward(State(proxy): State<watch::Receiver<Arc<Proxy>>>, method: Method, uri: Uri, body: Bytes) -> Response {
    let proxy = Arc::clone(&proxy.borrow());
    if !proxy.passes(uri.path()) {
        return (StatusCode::FORBIDDEN, NOT_FORWARDED).into_response();
    }
    if method != Method::POST {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")], "X-Ray's operations are POST\n").into_response();
    }
    match proxy.answer(uri.path(), body).await {
        Ok(Answer { status, body, .. }) => (status, [(header::CONTENT_TYPE, JSON)], body).into_response(),
        Err(error) => {
            tracing::warn!(error, "a sampling request could not be forwarded");
            (StatusCode::BAD_GATEWAY, format!("{error}\n")).into_response()
        }
    }
}
