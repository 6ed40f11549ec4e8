//! [`Answer`]: what came back from a call of ours.

use bytes::Bytes;
use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, StatusCode};
use serde_json::Value;

use crate::refusal::Refusal;

/// AWS's name for what went wrong, in the header or in the body.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// A status, its headers and all of its body.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The status of HTTP.
    pub status: StatusCode,
    /// The headers of the response.
    pub headers: HeaderMap,
    /// The body, read to its end.
    pub body: Bytes,
}

impl Answer {
    /// An answer of these parts.
    #[must_use]
    pub const fn new(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self { status, headers, body }
    }

    /// Returns what it says of a failure, if it is one. Takes note of what it says of the clock and of the credentials.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        if self.status.is_success() {
            return None;
        }
        let words: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let word = |names: [&str; 2]| names.iter().find_map(|name| words.get(name)?.as_str());
        let code = self.header(&ERROR_TYPE).or_else(|| word(["__type", "code"]));
        let refusal = Refusal::new(Some(self.status.as_u16()), code, word(["message", "Message"]), self.header(&RETRY_AFTER));
        refusal.learn(self.header(&DATE));
        Some(refusal)
    }

    fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use telemetry_delivery::Verdict;

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &'static str) -> Answer {
        let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
        Answer::new(StatusCode::from_u16(status).unwrap(), headers, Bytes::from_static(body.as_bytes()))
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
        let verdict = |answer: Answer| answer.refusal().unwrap().verdict();
        assert_eq!(verdict(answer(503, &[("retry-after", "7")], "")), Verdict::Again { not_before: Some(Duration::from_secs(7)) });
        assert_eq!(verdict(answer(400, &[], "{\"code\":\"InvalidRequestException\"}")), Verdict::Poisoned);
        assert_eq!(verdict(answer(400, &[("x-amzn-errortype", "ThrottledException")], "")), Verdict::Again { not_before: None });
    }
}
