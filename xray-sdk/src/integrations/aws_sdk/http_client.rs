//! [`TracedHttpClient`]: the way of requests that every client of a configuration takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_smithy_runtime::client::defaults::default_http_client_plugin_v2;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin as _;
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::SdkConfig;

use super::wire::WireFacts;
use super::{attributes, body, error_body, outcome};
use crate::api::Owned;
use crate::{Classification, Context, Exceptions, Subsegment};

/// The configuration with a [`TracedHttpClient`] around its HTTP client or the default one. Clients made of it share one pool of
/// connections. Without any HTTP client it stays as it is.
#[must_use]
pub fn traced(config: SdkConfig) -> SdkConfig {
    let version = config.behavior_version().unwrap_or_else(BehaviorVersion::latest);
    match config.http_client().or_else(|| default_client(version)) {
        Some(client) => config.into_builder().http_client(TracedHttpClient::new(client)).build(),
        None => config,
    }
}

/// `load_defaults` leaves it to each client to make one.
fn default_client(version: BehaviorVersion) -> Option<SharedHttpClient> {
    let plugin = default_http_client_plugin_v2(version)?;
    plugin.runtime_components(&RuntimeComponentsBuilder::new("xray")).http_client()
}

/// Set when a traced HTTP client is made. Read without an ordering: a client made while a call runs does not carry that call.
static IN_USE: AtomicBool = AtomicBool::new(false);

/// Returns whether requests may come to a [`TracedHttpClient`].
pub(super) fn is_in_use() -> bool {
    IN_USE.load(Ordering::Relaxed)
}

/// The request has a subsegment already.
#[derive(Clone, Copy, Debug)]
pub(super) struct AlreadyTraced;

/// Records each request as a subsegment, and passes the trace on. Repeated attempts are subsegments beside one another.
#[derive(Clone, Debug)]
pub struct TracedHttpClient {
    inner: SharedHttpClient,
}

impl TracedHttpClient {
    /// Wraps a client.
    pub fn new(inner: impl HttpClient + 'static) -> Self {
        IN_USE.store(true, Ordering::Relaxed);
        Self { inner: SharedHttpClient::new(inner) }
    }
}

impl HttpClient for TracedHttpClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(TracedConnector { inner: Arc::new(self.inner.http_connector(settings, components)) })
    }

    fn validate_base_client_config(&self, components: &RuntimeComponentsBuilder, config: &ConfigBag) -> Result<(), BoxError> {
        HttpClient::validate_base_client_config(&self.inner, components, config)
    }

    fn validate_final_config(&self, components: &RuntimeComponents, config: &ConfigBag) -> Result<(), BoxError> {
        HttpClient::validate_final_config(&self.inner, components, config)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.inner.connector_metadata()
    }
}

#[derive(Debug)]
struct TracedConnector {
    inner: Arc<SharedHttpConnector>,
}

impl HttpConnector for TracedConnector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let parent = Context::current();
        if request.extension::<AlreadyTraced>().is_some() || !parent.is_present() {
            return self.inner.call(request);
        }
        request.add_extension(AlreadyTraced);
        let subsegment = begin(parent, &request);
        if let Some(header) = subsegment.context().trace_header_text() {
            let _ignored_as_it_is_plain_text = request.headers_mut().try_insert("x-amzn-trace-id", header);
        }
        if !subsegment.is_recording() {
            return self.inner.call(request);
        }
        let call = self.inner.call(request);
        HttpConnectorFuture::new(Owned::new(subsegment, async { error_body::in_memory(call.await?).await }, finish))
    }
}

fn begin(parent: Context, request: &HttpRequest) -> Subsegment {
    if !parent.is_recording() {
        return Subsegment::begin_in(parent, "");
    }
    let WireFacts { service, operation, region, resources } = WireFacts::of(request);
    let mut subsegment = Subsegment::begin_in(parent, service);
    subsegment.namespace("aws").aws(|aws| {
        aws.operation = operation;
        aws.region = region;
        for (member, value) in resources {
            attributes::set(aws, member, &value);
        }
        body::describe_headers(aws, request);
        body::describe_members(aws, request);
    });
    subsegment
}

fn finish(subsegment: &mut Subsegment, result: &Result<HttpResponse, ConnectorError>) {
    match result {
        Ok(response) => {
            outcome::describe_response(subsegment, response);
            outcome::describe_function_error(subsegment, response);
            error_body::describe(subsegment, response);
        }
        Err(error) => {
            subsegment.failure(Classification::Fault, || Exceptions::of(error));
        }
    }
}
