//! The one HTTP client: of the SDK's clients, of where credentials come from, and of our own calls.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, NoProxy, Proxy};
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

use crate::settings::AwsSettings;

/// Time for a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// Hosts that are never reached through a proxy: this host, and the metadata services of EC2, ECS and EKS.
const NEAR: &str = "localhost,127.0.0.1,::1,169.254.169.254,169.254.170.2,169.254.170.23,fd00:ec2::254,fd00:ec2::23";

/// Makes the client.
pub(crate) fn client(settings: &AwsSettings) -> reqwest::Result<Client> {
    if settings.no_verify_ssl {
        tracing::warn!("certificates are not verified: whoever is in between reads and changes everything");
    }
    // A minimal image has no certificates of authorities, and then the client cannot be made.
    build(settings, &[]).or_else(|error| {
        let roots: Vec<Certificate> = TLS_SERVER_ROOT_CERTS.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
        let client = build(settings, &roots).map_err(|_| error)?;
        tracing::warn!("this machine has no certificates of authorities; the agent's own are used, those of Mozilla when it was built");
        Ok(client)
    })
}

/// Without `roots` those of the system count.
fn build(settings: &AwsSettings, roots: &[Certificate]) -> reqwest::Result<Client> {
    // Without this `HTTP_PROXY` would count too, and stand before the metadata services.
    let builder = proxy_of(settings)?.into_iter().fold(Client::builder().no_proxy(), ClientBuilder::proxy);
    // Whoever is redirected would carry signatures and keys to somebody else.
    let builder = builder.redirect(Policy::none()).connect_timeout(CONNECT);
    let builder = if settings.no_verify_ssl { builder.tls_danger_accept_invalid_certs(true) } else { builder };
    let builder = if roots.is_empty() { builder } else { builder.tls_certs_only(roots.iter().cloned()) };
    builder.build()
}

/// The same for the SDK.
pub(crate) fn for_sdk(client: Client) -> SharedHttpClient {
    http_client_fn(move |settings, _| SharedHttpConnector::new(Reqwest { client: client.clone(), timeout: timeout_of(settings) }))
}

/// Returns the configured proxy, for all requests, or that of `HTTPS_PROXY`, for encrypted ones.
fn proxy_of(settings: &AwsSettings) -> reqwest::Result<Option<Proxy>> {
    let variable = |names: [&str; 2]| names.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let proxy = match &settings.proxy {
        Some(proxy) => Some(Proxy::all(proxy)?),
        None => variable(["HTTPS_PROXY", "https_proxy"]).map(Proxy::https).transpose()?,
    };
    let others = variable(["NO_PROXY", "no_proxy"]).unwrap_or_default();
    Ok(proxy.map(|proxy| proxy.no_proxy(NoProxy::from_string(&format!("{NEAR},{others}")))))
}

/// Metadata services are asked with short times, as they do not answer where there are none.
fn timeout_of(settings: &HttpConnectorSettings) -> Option<Duration> {
    Some(settings.connect_timeout()? + settings.read_timeout()?)
}

#[derive(Debug)]
struct Reqwest {
    client: Client,
    timeout: Option<Duration>,
}

impl HttpConnector for Reqwest {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (client, timeout) = (self.client.clone(), self.timeout);
        HttpConnectorFuture::new(async move { send(&client, request, timeout).await })
    }
}

async fn send(client: &Client, request: HttpRequest, timeout: Option<Duration>) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    let Some(body) = body.bytes().map(<[u8]>::to_vec) else {
        return Err(ConnectorError::user("a body that is streamed".into()));
    };
    let request = http::Request::from_parts(parts, body);
    let mut request = reqwest::Request::try_from(request).map_err(|error| ConnectorError::user(error.into()))?;
    *request.timeout_mut() = timeout;
    let answer = client.execute(request).await.map_err(failed)?;
    let mut response = http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    let body = answer.bytes().await.map_err(failed)?;
    let response = response.body(SdkBody::from(body)).map_err(|error| ConnectorError::user(error.into()))?;
    HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
}

fn failed(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() { ConnectorError::timeout(error.into()) } else { ConnectorError::io(error.into()) }
}
