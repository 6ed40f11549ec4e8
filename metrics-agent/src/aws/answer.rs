//! [`Answer`]: what came back from a call of ours.

use std::fmt;

use axum::body::Bytes;
use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, StatusCode};
use serde::Deserialize;
use telemetry_delivery::{Failure, Verdict, classify};

use super::verdict::learn_of;

/// AWS's name for what went wrong, in the header or in the body.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// A status, its headers and all of its body.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What an answer says of a failure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: Option<String>,
    message: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Words {
    #[serde(rename = "__type", alias = "code")]
    code: Option<String>,
    #[serde(alias = "Message")]
    message: Option<String>,
}

impl Answer {
    /// What it says of a failure, if it is one. Notes what it says of our clock and our credentials.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        if self.status.is_success() {
            return None;
        }
        let words: Words = serde_json::from_slice(&self.body).unwrap_or_default();
        let code = self.header(&ERROR_TYPE).map(str::to_owned).or(words.code).map(|code| bare(&code).to_owned());
        learn_of(code.as_deref(), self.header(&DATE));
        Some(Refusal { status: self.status, code, message: words.message })
    }

    /// What delivery should do after a failure.
    pub(crate) fn verdict(&self, refusal: &Refusal) -> Verdict {
        let retry_after = self.header(&RETRY_AFTER);
        classify(&Failure { status: Some(refusal.status.as_u16()), code: refusal.code.as_deref(), retry_after })
    }

    fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Refusal {
    #[cfg(feature = "otlp")]
    pub(crate) const fn has_code(&self) -> bool {
        self.code.is_some()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, code, message } = self;
        let parts = [Some(status.as_str()), code.as_deref(), message.as_deref()];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        f.write_str(&parts.join(": "))
    }
}

/// Without the namespace before, or the link behind.
fn bare(code: &str) -> &str {
    let code = code.split_once('#').map_or(code, |(_, code)| code);
    code.split_once(':').map_or(code, |(code, _)| code).trim()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &'static str) -> Answer {
        let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
        Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: Bytes::from_static(body.as_bytes()) }
    }

    #[test]
    fn a_refusal_says_what_aws_calls_it_wherever_it_does() {
        let words = |answer: Answer| answer.refusal().map(|refusal| refusal.to_string());
        let header = [("x-amzn-errortype", "ThrottledException:http://internal.amazon.com/coral/")];
        assert_eq!(words(answer(429, &header, "{\"message\":\"Rate exceeded\"}")).unwrap(), "429: ThrottledException: Rate exceeded");
        let body = "{\"__type\":\"com.amazonaws.xray#InvalidRequestException\",\"Message\":\"no\"}";
        assert_eq!(words(answer(400, &[], body)).unwrap(), "400: InvalidRequestException: no");
        assert_eq!(words(answer(502, &[], "<html>bad gateway</html>")).unwrap(), "502");
        assert_eq!(words(answer(200, &header, "")), None);
    }

    #[test]
    fn delivery_is_told_what_to_do() {
        let verdict = |answer: Answer| answer.verdict(&answer.refusal().unwrap());
        assert_eq!(verdict(answer(503, &[("retry-after", "7")], "")), Verdict::Again { not_before: Some(Duration::from_secs(7)) });
        assert_eq!(verdict(answer(400, &[], "{\"code\":\"InvalidRequestException\"}")), Verdict::Poisoned);
        assert_eq!(verdict(answer(400, &[("x-amzn-errortype", "ThrottledException")], "")), Verdict::Again { not_before: None });
    }
}
