//! Code and message of an answer that is an error, read off the wire.

use aws_runtime::retries::classifiers::THROTTLING_ERRORS;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde::Deserialize;

use crate::{Classification, Exceptions, Subsegment};

/// Bodies of errors up to this size are read; a larger one is no service's error.
const LARGEST: u64 = 64 * 1024;

/// Reads the body of an error into memory, where the SDK would read it next.
///
/// # Errors
/// When the connection fails meanwhile.
pub(super) async fn in_memory(mut response: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let length = response.headers().get("content-length").and_then(|length| length.parse::<u64>().ok());
    let is_read = !is_error(&response) || response.body().bytes().is_some() || length.is_none_or(|length| length > LARGEST);
    if !is_read {
        let body = ByteStream::new(response.take_body()).collect().await.map_err(|error| ConnectorError::io(error.into()))?;
        *response.body_mut() = SdkBody::from(body.into_bytes());
    }
    Ok(response)
}

fn is_error(response: &HttpResponse) -> bool {
    response.status().as_u16() >= 400
}

/// Adds the error of an answer, as far as the answer names one.
pub(super) fn describe(subsegment: &mut Subsegment, response: &HttpResponse) {
    if !is_error(response) {
        return;
    }
    let body = response.body().bytes().filter(|body| body.len() as u64 <= LARGEST).unwrap_or_default();
    let ServiceError { code, message } = ServiceError::of(response, body);
    let classification = match response.status().as_u16() {
        429 => Classification::Throttle,
        _ if code.as_deref().is_some_and(|code| THROTTLING_ERRORS.contains(&code)) => Classification::Throttle,
        400..=499 => Classification::Error,
        _ => Classification::Fault,
    };
    let text = message.unwrap_or_default();
    subsegment.failure(classification, || Exceptions::remote(code.as_deref().unwrap_or("ServiceError"), &text));
}

#[derive(Debug, Default, PartialEq, Eq)]
struct ServiceError {
    code: Option<String>,
    message: Option<String>,
}

/// An error in JSON. AWS's services write the members in these ways.
#[derive(Default, Deserialize)]
#[serde(default)]
struct InJson {
    #[serde(rename = "__type")]
    kind: Option<String>,
    code: Option<String>,
    message: Option<String>,
    #[serde(rename = "Message")]
    capital_message: Option<String>,
}

impl ServiceError {
    /// Headers before the body: they are the same in each protocol. SQS puts the code of its old protocol before the name of the error's shape.
    fn of(response: &HttpResponse, body: &[u8]) -> Self {
        let header = |name| response.headers().get(name);
        let of_query = header("x-amzn-query-error").and_then(|value| value.split(';').next());
        let of_header = of_query.or_else(|| header("x-amzn-errortype").map(shape_name)).map(str::to_owned);
        let in_body = if body.first() == Some(&b'{') { Self::of_json(body) } else { Self::of_xml(&String::from_utf8_lossy(body)) };
        Self { code: of_header.or(in_body.code), ..in_body }
    }

    fn of_json(body: &[u8]) -> Self {
        let InJson { kind, code, message, capital_message } = serde_json::from_slice(body).unwrap_or_default();
        Self { code: kind.or(code).map(|code| shape_name(&code).to_owned()), message: message.or(capital_message) }
    }

    /// `<ErrorResponse><Error><Code>..</Code><Message>..` of query protocols, `<Error><Code>..` of S3.
    fn of_xml(body: &str) -> Self {
        Self { code: element(body, "Code"), message: element(body, "Message") }
    }
}

/// Returns the name alone of `com.amazonaws.dynamodb.v20120810#ThrottlingException` or `ThrottlingException:http://internal.amazon.com/..`.
fn shape_name(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    code.rsplit('#').next().unwrap_or(code)
}

/// The text of the first element of that name.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    Some(entities.iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(headers: &[(&'static str, &'static str)], body: &str) -> (Option<String>, Option<String>) {
        let mut response = HttpResponse::new(400.try_into().expect("a status"), SdkBody::from(body));
        for (name, value) in headers {
            response.headers_mut().insert(*name, *value);
        }
        let ServiceError { code, message } = ServiceError::of(&response, body.as_bytes());
        (code, message)
    }

    fn expected(code: &str, message: &str) -> (Option<String>, Option<String>) {
        (Some(code.to_owned()), Some(message.to_owned()))
    }

    #[test]
    fn each_protocol_names_its_error() {
        let json = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow down"}"#;
        assert_eq!(error(&[], json), expected("ThrottlingException", "slow down"));
        let both = r#"{"__type":"InvalidSignatureException","message":"expired","Message":"expired"}"#;
        assert_eq!(error(&[], both), expected("InvalidSignatureException", "expired"));
        let typed = [("x-amzn-errortype", "ResourceNotFoundException:http://internal.amazon.com/coral/")];
        assert_eq!(error(&typed, r#"{"Message":"no function"}"#), expected("ResourceNotFoundException", "no function"));
        let query = [("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender")];
        let body = r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no queue"}"#;
        assert_eq!(error(&query, body), expected("AWS.SimpleQueueService.NonExistentQueue", "no queue"));
        let s3 = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>&lt;k&gt; &amp;amp; no</Message></Error>";
        assert_eq!(error(&[], s3), expected("NoSuchKey", "<k> &amp; no"));
        let sns = "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>no topic</Message></Error></ErrorResponse>";
        assert_eq!(error(&[], sns), expected("NotFound", "no topic"));
        for nothing in ["", "<html>403</html>", "{", "[]", "<Code>"] {
            assert_eq!(error(&[], nothing), (None, None), "{nothing}");
        }
    }
}
