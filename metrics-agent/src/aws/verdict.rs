//! What delivery makes of a call that failed.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use telemetry_delivery::{Failure, Verdict, classify};

use super::credentials::note_refusal;
use crate::clock;

/// What delivery should do after a call that failed.
pub(crate) fn verdict_of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Verdict {
    let response = error.raw_response();
    let retry_after = response.and_then(|response| response.headers().get("retry-after"));
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    learn_of(code, response.and_then(|response| response.headers().get("date")));
    classify(&Failure { status: response.map(|response| response.status().as_u16()), code, retry_after })
}

/// Takes from an answer what it says of our clock and our credentials, if AWS refuses them.
pub(super) fn learn_of(code: Option<&str>, date: Option<&str>) {
    code.into_iter().for_each(note_refusal);
    if let Some(date) = date.filter(|_| code.is_some_and(is_of_the_clock)) {
        clock::learn(date);
    }
}

/// Codes by which AWS refuses a signature that is too old, or from the future.
fn is_of_the_clock(code: &str) -> bool {
    const CODES: [&str; 6] = [
        "AuthFailure",
        "InvalidSignatureException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    ];
    CODES.contains(&code)
}

/// An error and its causes, without what they have besides words.
pub(crate) fn chain_of(error: &dyn std::error::Error) -> String {
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if texts.last() != Some(&text) {
            texts.push(text);
        }
        cause = error.source();
    }
    texts.join(": ")
}
