//! What became of an attempt or an operation.

use std::error::Error as _;

use aws_smithy_runtime_api::client::interceptors::context::{Error, FinalizerInterceptorContextRef};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry as _, RetryAction, RetryReason};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::retry::ErrorKind;
use aws_types::request_id::RequestId as _;

use crate::{Classification, Exceptions, Subsegment};

/// Status and error of an attempt.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    status: Option<u16>,
    failure: Option<(Classification, Exceptions)>,
}

impl Outcome {
    pub(super) fn of(context: &FinalizerInterceptorContextRef<'_>, components: &RuntimeComponents) -> Self {
        Self { status: context.response().map(|response| response.status().as_u16()), failure: failure(context, components) }
    }

    pub(super) fn describe(self, attempt: &mut Subsegment) {
        if let Some(status) = self.status {
            attempt.status(status);
        }
        if let Some((classification, exceptions)) = self.failure {
            attempt.failure(classification, || exceptions);
        }
    }
}

/// Adds status, length and ids.
pub(super) fn describe_response(subsegment: &mut Subsegment, response: &HttpResponse) {
    subsegment.status(response.status().as_u16());
    let length = response.headers().get("content-length").and_then(|length| length.parse().ok());
    let length = length.or_else(|| response.body().bytes().map(|body| body.len() as u64));
    subsegment.http(|http| http.response.content_length = length);
    let (request_id, extended) = (response.request_id().map(str::to_owned), response.headers().get("x-amz-id-2").map(str::to_owned));
    subsegment.aws(|aws| {
        aws.request_id = request_id;
        aws.id_2 = extended;
    });
}

/// A function of Lambda that failed answers with status 200; its payload is not read.
pub(super) fn describe_function_error(subsegment: &mut Subsegment, response: &HttpResponse) {
    if let Some(kind) = response.headers().get("x-amz-function-error") {
        subsegment.failure(Classification::Fault, || Exceptions::remote("FunctionError", kind));
    }
}

/// Returns the error, if there is one.
pub(super) fn failure(
    context: &FinalizerInterceptorContextRef<'_>,
    components: &RuntimeComponents,
) -> Option<(Classification, Exceptions)> {
    let Some(Err(error)) = context.output_or_error() else { return None };
    let status = context.response().map(|response| response.status().as_u16());
    Some((classify(status, is_throttled(context, components), error), exceptions(error, context.response())))
}

/// Whose fault it is: the caller's when the service says so.
fn classify(status: Option<u16>, is_throttled: bool, error: &OrchestratorError<Error>) -> Classification {
    match status {
        _ if is_throttled => Classification::Throttle,
        Some(429) => Classification::Throttle,
        Some(400..=499) if error.is_operation_error() => Classification::Error,
        _ => Classification::Fault,
    }
}

/// Asks those whom the SDK asks whether to try again.
fn is_throttled(context: &FinalizerInterceptorContextRef<'_>, components: &RuntimeComponents) -> bool {
    let mut action = RetryAction::NoActionIndicated;
    for classifier in components.retry_classifiers() {
        match classifier.classify_retry_v2(context.inner(), &action) {
            RetryAction::NoActionIndicated => {}
            RetryAction::RetryForbidden => return false,
            indicated => action = indicated,
        }
    }
    matches!(action, RetryAction::RetryIndicated(RetryReason::RetryableError { kind: ErrorKind::ThrottlingError, .. }))
}

fn exceptions(error: &OrchestratorError<Error>, response: Option<&HttpResponse>) -> Exceptions {
    if let Some(error) = error.as_operation_error() {
        let Some(code) = code_of(error, response) else { return unknown(error) };
        return Exceptions::remote(&code, &message_of(error, &code));
    }
    let kind = match error {
        error if error.is_timeout_error() => "TimeoutError",
        error if error.is_connector_error() => "DispatchFailure",
        error if error.is_response_error() => "ResponseError",
        _ => "ConstructionFailure",
    };
    let mut exceptions = Exceptions::new(kind, &error.to_string());
    if let Some(source) = error.source() {
        exceptions.because(Exceptions::of_source(source));
    }
    exceptions
}

/// Describes an answer that is none of the service's, such as a proxy's, with the error of the parser.
fn unknown(error: &Error) -> Exceptions {
    let mut exceptions = Exceptions::remote("ServiceError", &error.to_string());
    if let Some(source) = error.source() {
        exceptions.because(Exceptions::of_source(source));
    }
    exceptions
}

/// The type of the error is erased. Unmodelled errors are their metadata; modelled ones show it in their `Debug` form, where texts
/// are escaped, so that no message can pretend to be it; the rest is in headers.
fn code_of(error: &Error, response: Option<&HttpResponse>) -> Option<String> {
    if let Some(code) = metadata(error).and_then(ErrorMetadata::code) {
        return Some(code.to_owned());
    }
    let debug = format!("{error:?}");
    if let Some((_, rest)) = debug.split_once("ErrorMetadata { code: Some(\"")
        && let Some((code, _)) = rest.split_once('"')
    {
        return Some(code.to_owned());
    }
    let headers = response?.headers();
    let of_query = headers.get("x-amzn-query-error").and_then(|value| value.split(';').next());
    let of_type = || headers.get("x-amzn-errortype").and_then(|value| value.split(':').next()?.rsplit('#').next());
    of_query.or_else(of_type).map(str::to_owned)
}

fn metadata(error: &Error) -> Option<&ErrorMetadata> {
    error.source().and_then(|source| source.downcast_ref::<ErrorMetadata>())
}

/// The message without the code, which modelled errors put before it: `ShapeName: message`.
fn message_of(error: &Error, code: &str) -> String {
    let text = metadata(error).and_then(ErrorMetadata::message).map_or_else(|| error.to_string(), str::to_owned);
    let without_code = text.strip_prefix(code).and_then(|rest| rest.strip_prefix(": ")).map(str::to_owned);
    without_code.unwrap_or(text)
}
