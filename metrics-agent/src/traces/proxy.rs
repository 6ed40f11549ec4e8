//! The daemon's TCP port: forwards GetSamplingRules and SamplingTargets, signed, and nothing else; documents are taken beside it.
//!
//! The X-Ray daemon signs any path with its role. Here two paths pass, with their bodies as they are: typed clients would drop
//! fields that they do not know.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::sync::watch;

use super::rules_cache::{Answer, RulesCache};
use crate::aws::{AwsSettings, client_for};
use crate::guard::is_from_a_browser;

/// SDKs give up after 2 seconds or never; in between the service has time to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
const RULES: &str = "/GetSamplingRules";
/// Statistics of 25 rules are a few kilobytes.
const BODY: usize = 256 * 1024;

/// What signing and sending need.
#[derive(Debug)]
pub(crate) struct Proxy {
    config: SdkConfig,
    client: reqwest::Client,
    rules: RulesCache,
    /// The default chain does not keep what it finds; asking it for each request would be a call to STS or IMDS each.
    credentials: tokio::sync::Mutex<Option<(Credentials, tokio::time::Instant)>>,
}

#[derive(Debug, thiserror::Error)]
enum ProxyError {
    #[error("no region is known: set aws.region or AWS_REGION")]
    NoRegion,
    #[error("no credentials: {0}")]
    Credentials(String),
    #[error("the request cannot be signed: {0}")]
    Sign(String),
    #[error("X-Ray did not answer: {0}")]
    Send(#[from] reqwest::Error),
}

impl Proxy {
    pub(crate) fn new(config: SdkConfig, settings: &AwsSettings) -> reqwest::Result<Arc<Self>> {
        let client = client_for(settings, TIMEOUT)?;
        Ok(Arc::new(Self { config, client, rules: RulesCache::default(), credentials: tokio::sync::Mutex::new(None) }))
    }

    /// Rules come from the cache, if they are there; what is said of targets may empty it.
    async fn answer(&self, path: &str, body: Bytes) -> Result<Answer, String> {
        let ask = async |body| self.forward(path, body).await.map_err(|error| error.to_string());
        if path == RULES {
            return self.rules.get(body.clone(), ask(body)).await;
        }
        let answer = ask(body).await?;
        self.rules.note_targets(&answer.body).await;
        Ok(answer)
    }

    async fn forward(&self, path: &str, body: Bytes) -> Result<Answer, ProxyError> {
        let region = self.config.region().map(ToString::to_string).ok_or(ProxyError::NoRegion)?;
        let endpoint = self.config.endpoint_url().map_or_else(|| format!("https://xray.{region}.{}", dns_suffix(&region)), str::to_owned);
        let url = format!("{}{path}", endpoint.trim_end_matches('/'));
        let headers = self.signature(&url, &region, &body).await?;
        let mut request = self.client.post(&url).header(header::CONTENT_TYPE, "application/json").body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = request.send().await?;
        let status = StatusCode::from_u16(answer.status().as_u16()).unwrap_or(StatusCode::BAD_GATEWAY);
        Ok(Answer { status, body: answer.bytes().await? })
    }

    async fn signature(&self, url: &str, region: &str, body: &[u8]) -> Result<Vec<(String, String)>, ProxyError> {
        let credentials = self.credentials().await?;
        let failed = |error: &dyn std::fmt::Display| ProxyError::Sign(error.to_string());
        let identity = credentials.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name("xray")
            .time(crate::clock::signing_now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| failed(&error))?;
        let headers = [("content-type", "application/json")].into_iter();
        let request = SignableRequest::new("POST", url, headers, SignableBody::Bytes(body)).map_err(|error| failed(&error))?;
        let (instructions, _) = sign(request, &parameters.into()).map_err(|error| failed(&error))?.into_parts();
        Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

impl Proxy {
    /// Credentials of at most five minutes of age: temporary ones live for longer than that after they are handed out.
    async fn credentials(&self) -> Result<Credentials, ProxyError> {
        const KEPT: Duration = Duration::from_secs(300);
        let mut kept = self.credentials.lock().await;
        if let Some((credentials, since)) = kept.as_ref()
            && since.elapsed() < KEPT
        {
            return Ok(credentials.clone());
        }
        let provider = self.config.credentials_provider().ok_or_else(|| ProxyError::Credentials("none configured".into()))?;
        let credentials = provider.provide_credentials().await.map_err(|error| ProxyError::Credentials(error.to_string()))?;
        *kept = Some((credentials.clone(), tokio::time::Instant::now()));
        Ok(credentials)
    }
}

fn dns_suffix(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "amazonaws.com.cn",
        region if region.starts_with("us-iso-") => "c2s.ic.gov",
        region if region.starts_with("us-isob-") => "sc2s.sgov.gov",
        region if region.starts_with("eusc-") => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}

/// The port's routes, beside those that take documents. The proxy may change while the port is open.
pub(crate) fn proxy_routes(proxy: watch::Receiver<Arc<Proxy>>, documents: Router) -> Router {
    let forwarded = Router::new()
        .route(RULES, post(forward))
        .route("/SamplingTargets", post(forward))
        .fallback(|| async {
            (StatusCode::FORBIDDEN, "only /GetSamplingRules and /SamplingTargets are forwarded, and /TraceSegments is taken\n")
        })
        .layer(axum::extract::DefaultBodyLimit::max(BODY))
        .with_state(proxy);
    documents.merge(forwarded)
}

async fn forward(State(proxy): State<watch::Receiver<Arc<Proxy>>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    if is_from_a_browser(&headers) {
        return (StatusCode::FORBIDDEN, "browsers are refused\n").into_response();
    }
    let proxy = Arc::clone(&proxy.borrow());
    match proxy.answer(uri.path(), body).await {
        Ok(Answer { status, body }) => (status, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => {
            tracing::warn!(error, "a sampling request could not be forwarded");
            (StatusCode::BAD_GATEWAY, format!("{error}\n")).into_response()
        }
    }
}
