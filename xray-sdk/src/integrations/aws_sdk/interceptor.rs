//! [`TraceInterceptor`]: follows an operation through the SDK's hooks.

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextMut, BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{DisableInterceptor, Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::telemetry::{CapturedTelemetryAttributes, RequestedTelemetryAttributes};
use aws_types::SigningName;
use aws_types::region::Region;

use super::http_client::{self, AlreadyTraced};
use super::operation::Operation;
use super::outcome::Outcome;
use super::{attributes, body, names, outcome};
use crate::integrations::message_fields;
use crate::{Context, Subsegment};

/// Records the operations of the client it is added to. See the [module](super).
#[derive(Debug)]
pub struct TraceInterceptor {
    id: usize,
    /// Members that the application wants to see beside the usual ones.
    captured: Vec<String>,
    /// Members to ask the SDK for, by the service's signing name.
    requested: Vec<(&'static str, RequestedTelemetryAttributes)>,
    /// Members to ask for of all other services.
    requested_of_others: RequestedTelemetryAttributes,
    records_attempts: bool,
}

impl Default for TraceInterceptor {
    fn default() -> Self {
        Self::new()
    }
}

impl TraceInterceptor {
    /// An interceptor with default settings.
    #[must_use]
    pub fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let request = |members: &[&str]| {
            let mut requested = RequestedTelemetryAttributes::default();
            requested.capture_only(members);
            requested
        };
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            captured: Vec::new(),
            requested: attributes::REQUESTED.iter().map(|(service, members)| (*service, request(members))).collect(),
            requested_of_others: request(&attributes::SHOWN),
            records_attempts: true,
        }
    }

    /// Shows another member of inputs: a text at the top level, by its name in the service's model, such as `Key` of S3. Those that the
    /// model marks as sensitive are never shown. Default: names of resources.
    #[must_use]
    pub fn capture(mut self, member: impl Into<String>) -> Self {
        let member = member.into();
        let all = self.requested.iter_mut().map(|(_, requested)| requested).chain([&mut self.requested_of_others]);
        all.for_each(|requested| requested.capture_only([&member]));
        self.captured.push(member);
        self
    }

    /// Whether the attempts of an operation that took several are subsegments of its own. Default yes.
    #[must_use]
    pub const fn record_attempts(mut self, record: bool) -> Self {
        self.records_attempts = record;
        self
    }

    fn operation<'a>(&self, config: &'a mut ConfigBag) -> Option<&'a mut Operation> {
        config.get_mut_from_interceptor_state::<Operation>().filter(|operation| operation.owner == self.id)
    }

    /// Asks the SDK for the members that the request does not show. What the application wants of the SDK's own metrics stays.
    fn request_members(&self, config: &mut ConfigBag) {
        let service = config.load::<SigningName>().map(SigningName::as_ref).unwrap_or_default();
        let own = self.requested.iter().find(|(of, _)| *of == service).map_or(&self.requested_of_others, |(_, requested)| requested);
        if own.is_empty() {
            return;
        }
        let others = config.load::<RequestedTelemetryAttributes>().filter(|others| !others.is_empty()).cloned();
        let requested = others.map_or_else(
            || own.clone(),
            |mut both| {
                both.capture_only(attributes::SHOWN);
                both.capture_only(&self.captured);
                both
            },
        );
        config.interceptor_state().store_put(requested);
    }

    fn describe(&self, subsegment: &mut Subsegment, config: &ConfigBag, operation: &str) {
        let region = config.load::<Region>().map(ToString::to_string);
        let captured = config.load::<CapturedTelemetryAttributes>();
        subsegment.namespace("aws").aws(|aws| {
            aws.operation = Some(operation.to_owned());
            aws.region = region;
            for (member, value) in captured.into_iter().flat_map(CapturedTelemetryAttributes::iter) {
                if attributes::is_shown(member) || self.captured.iter().any(|captured| captured == member) {
                    attributes::set(aws, member, value);
                }
            }
        });
    }
}

/// No hook ever fails: its error would fail the user's call.
#[dyn_dispatch_hint]
impl Intercept for TraceInterceptor {
    fn name(&self) -> &'static str {
        "XRayTraceInterceptor"
    }

    fn read_before_execution(&self, _: &BeforeSerializationInterceptorContextRef<'_>, config: &mut ConfigBag) -> Result<(), BoxError> {
        let is_presigning = config.load::<DisableInterceptor<InvocationIdInterceptor>>().is_some();
        let is_followed = config.load::<Operation>().is_some();
        if is_presigning || is_followed {
            return Ok(());
        }
        let parent = Context::current();
        if parent.is_recording() {
            self.request_members(config);
        }
        config.interceptor_state().store_put(Operation::new(self.id, parent));
        Ok(())
    }

    /// The first hook that knows the name of the operation.
    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(parent) = self.operation(config).map(|operation| operation.parent) else { return Ok(()) };
        let (service, name) = config.load::<Metadata>().map(|known| (known.service(), known.name())).unwrap_or_default();
        if name == "ReceiveMessage" {
            message_fields::ask_for_trace(context.input_mut());
        }
        // Consumers poll outside of any segment, and nobody misses one there.
        if !parent.is_present() && name == "ReceiveMessage" {
            return Ok(());
        }
        let mut subsegment = Subsegment::begin_in(parent, if parent.is_recording() { names::canonical(service) } else { "".into() });
        if subsegment.is_recording() {
            self.describe(&mut subsegment, config, name);
        }
        message_fields::carry(context.input_mut(), &|| subsegment.context().trace_header_text());
        if let Some(operation) = self.operation(config) {
            operation.open(subsegment);
        }
        Ok(())
    }

    fn read_after_serialization(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let shows_names_in_body = config.load::<SigningName>().is_some_and(|service| attributes::are_in_body(service.as_ref()));
        let Some(operation) = self.operation(config) else { return Ok(()) };
        let request = context.request();
        operation.is_of_members = body::operation_of_members(request).is_some();
        if let Some(subsegment) = operation.subsegment() {
            subsegment.aws(|aws| {
                body::describe_headers(aws, request);
                if shows_names_in_body {
                    body::describe_members(aws, request);
                }
            });
        }
        Ok(())
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(operation) = self.operation(config) {
            operation.begin_attempt(self.records_attempts);
        }
        Ok(())
    }

    /// After the SDK's own interceptor, which takes the header of the Lambda environment; and after signing, which leaves this header out.
    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(operation) = self.operation(config) else { return Ok(()) };
        let request = context.request_mut();
        if http_client::is_in_use() {
            request.add_extension(AlreadyTraced);
        }
        if let Some(header) = operation.context().trace_header_text() {
            let _ignored_as_it_is_plain_text = request.headers_mut().try_insert("x-amzn-trace-id", header);
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(operation) = self.operation(config) else { return Ok(()) };
        operation.attempt_ended(|| Outcome::of(context, components));
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(operation) = self.operation(config) else { return Ok(()) };
        operation.end_attempt();
        let is_of_members = operation.is_of_members;
        let retries = operation.attempts.saturating_sub(1);
        let Some(mut subsegment) = operation.end() else { return Ok(()) };
        subsegment.aws(|aws| aws.retries = Some(retries).filter(|&retries| retries > 0));
        if let Some(response) = context.response() {
            outcome::describe_response(&mut subsegment, response);
            outcome::describe_function_error(&mut subsegment, response);
            subsegment.aws(|aws| body::describe_answer(aws, response, is_of_members));
        }
        if let Some((classification, exceptions)) = outcome::failure(context, components) {
            subsegment.failure(classification, || exceptions);
        }
        Ok(())
    }
}
