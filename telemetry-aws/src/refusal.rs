//! [`Refusal`]: one classification of every answer, and [`Refusals`]: one log line for each.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use telemetry_delivery::{Failure, Verdict, classify};

use crate::clock;
use crate::credentials::{is_of_credentials, note_refusal};

/// A call that failed: AWS refused it, or nothing answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: Option<u16>,
    code: Option<String>,
    message: Option<String>,
    retry_after: Option<String>,
    /// The batch itself is refused.
    is_of_batch: bool,
}

impl Refusal {
    pub(crate) fn new(status: Option<u16>, code: Option<&str>, message: Option<&str>, retry_after: Option<&str>) -> Self {
        let [message, retry_after] = [message, retry_after].map(|text| text.map(str::to_owned));
        Self { status, code: code.map(|code| bare(code).to_owned()), message, retry_after, is_of_batch: false }
    }

    /// Reads an error of the SDK. Takes note of what it says of the clock and of the credentials.
    pub fn of_sdk<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let header = |name| error.raw_response().and_then(|response| response.headers().get(name));
        let service = error.as_service_error();
        let message = service.and_then(ProvideErrorMetadata::message).map_or_else(|| chain_of(error), str::to_owned);
        let code = service.and_then(ProvideErrorMetadata::code);
        let status = error.raw_response().map(|response| response.status().as_u16());
        let refusal = Self::new(status, code, Some(&message), header("retry-after"));
        refusal.learn(header("date"));
        refusal
    }

    /// A call that nothing answered.
    #[must_use]
    pub fn unanswered(error: &(dyn Error + 'static)) -> Self {
        Self::new(None, None, Some(&chain_of(error)), None)
    }

    /// A call that something between here and AWS answered: it is not known whether AWS has the batch.
    #[must_use]
    pub fn of_another() -> Self {
        Self::new(Some(200), None, Some("an answer that is not the service's"), None)
    }

    /// The same in other words: those of a protocol that is not AWS's.
    #[must_use]
    pub fn with_message(self, message: &str) -> Self {
        if message.is_empty() { self } else { Self { message: Some(message.to_owned()), ..self } }
    }

    /// The same as a refusal of the batch itself, by a protocol in which the status says so: the verdict is [`Verdict::Poisoned`].
    #[must_use]
    pub fn of_batch(self) -> Self {
        Self { is_of_batch: true, ..self }
    }

    /// AWS's name for it, such as `AccessDeniedException`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Returns what delivery should do with the batch.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.is_of_batch {
            return Verdict::Poisoned;
        }
        classify(&Failure { status: self.status, code: self.code(), retry_after: self.retry_after.as_deref() })
    }

    /// Takes from it what it says of this machine's clock and of the credentials.
    pub(crate) fn learn(&self, date: Option<&str>) {
        let code = self.code.as_deref().unwrap_or_default();
        note_refusal(code);
        if let Some(date) = date.filter(|_| is_of_the_clock(code)) {
            clock::learn(date);
        }
    }

    /// Returns what an operator can do.
    fn remedy(&self, operation: &str, verdict: &Verdict) -> String {
        let code = self.code.as_deref().unwrap_or_default();
        match (self.status, verdict) {
            _ if code.starts_with("AccessDenied") => format!("allow {operation} in the policy of the agent's role"),
            _ if is_of_credentials(code) => "credentials are looked for again; replace them if they stay refused".into(),
            _ if is_of_the_clock(code) => "requests are signed by AWS's clock from now on; set this machine's".into(),
            (_, Verdict::Poisoned) => "the batch is cut in halves until the items at fault are alone; those are lost and counted".into(),
            (None, _) => "check the network, the proxy and aws.endpoint".into(),
            (Some(407), _) => "the proxy wants credentials: set aws.proxy".into(),
            (Some(200 | 403), _) if code.is_empty() => "the answer is none of AWS's: check the proxy and aws.endpoint".into(),
            _ => "it is sent again at growing distances".into(),
        }
    }
}

impl fmt::Display for Refusal {
    /// Control characters of the far end are escaped: they could forge log lines.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.map(|status| status.to_string());
        let parts = [status.as_deref(), self.code.as_deref(), self.message.as_deref()];
        let text = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
        text.chars().try_for_each(|c| if c.is_control() { write!(f, "{}", c.escape_default()) } else { fmt::Write::write_char(f, c) })
    }
}

/// Logs refusals: the first of a kind with its remedy, and how many there were when the operation works again. Those in between are
/// counted and not logged.
#[derive(Debug)]
pub struct Refusals {
    words: &'static str,
    refused: Mutex<HashMap<(&'static str, String), Refused>>,
}

#[derive(Debug)]
struct Refused {
    code: Option<String>,
    status: Option<u16>,
    times: u64,
}

impl Default for Refusals {
    fn default() -> Self {
        Self::in_words("refused")
    }
}

impl Refusals {
    /// Lines that begin with these words, before a colon.
    #[must_use]
    pub fn in_words(words: &'static str) -> Self {
        Self { words, refused: Mutex::default() }
    }

    /// Operations on resources that are remembered; one resource is a stream or a namespace.
    const REMEMBERED: usize = 10_000;

    /// Notes that `operation` (as policies name it, such as `logs:PutLogEvents`) on `resource` was refused. Returns what delivery should do.
    pub fn refused(&self, operation: &'static str, resource: &str, refusal: &Refusal) -> Verdict {
        let verdict = refusal.verdict();
        let mut all = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= Self::REMEMBERED {
            all.clear();
        }
        let before = all.entry((operation, resource.to_owned())).or_insert(Refused { code: None, status: None, times: 0 });
        let is_new = before.times == 0 || before.code != refusal.code || before.status != refusal.status;
        (before.code, before.status, before.times) = (refusal.code.clone(), refusal.status, before.times + 1);
        drop(all);
        if is_new {
            let remedy = refusal.remedy(operation, &verdict);
            let code = refusal.code();
            tracing::warn!(operation, resource, code, "{}: {refusal}; {remedy}; further ones are counted", self.words);
        }
        verdict
    }

    /// Notes that an operation on a resource works.
    pub fn accepted(&self, operation: &'static str, resource: &str) {
        let mut all = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if all.is_empty() {
            return;
        }
        if let Some(refused) = all.remove(&(operation, resource.to_owned())) {
            drop(all);
            tracing::info!(operation, resource, refused = refused.times, "works again");
        }
    }
}

/// Without the namespace before, or the link behind.
fn bare(code: &str) -> &str {
    let code = code.split_once('#').map_or(code, |(_, code)| code);
    code.split_once(':').map_or(code, |(code, _)| code).trim()
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
#[must_use]
pub fn chain_of(error: &(dyn Error + 'static)) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, code: &str) -> Refusal {
        Refusal::new(Some(status), Some(code), Some("no"), None)
    }

    #[test]
    fn refusals_are_told_once_and_counted_until_it_works() {
        let refusals = Refusals::default();
        let times = |refusals: &Refusals| refusals.refused.lock().unwrap().values().map(|refused| refused.times).sum::<u64>();
        for _ in 0..3 {
            let verdict = refusals.refused("logs:CreateLogStream", "/app", &refusal(400, "AccessDeniedException"));
            assert_eq!(verdict, Verdict::Again { not_before: None });
        }
        refusals.accepted("logs:CreateLogStream", "/other");
        assert_eq!(times(&refusals), 3);
        refusals.accepted("logs:CreateLogStream", "/app");
        assert_eq!(times(&refusals), 0);
    }

    #[test]
    fn remedies_name_what_to_do() {
        let remedy = |refusal: &Refusal| refusal.remedy("logs:PutLogEvents", &refusal.verdict());
        assert!(remedy(&refusal(400, "AccessDeniedException")).contains("allow logs:PutLogEvents"));
        assert!(remedy(&refusal(400, "ExpiredTokenException")).contains("credentials"));
        assert!(remedy(&refusal(400, "InvalidParameterException")).contains("halves"));
        assert!(remedy(&Refusal::new(Some(403), None, None, None)).contains("proxy"));
        assert!(remedy(&Refusal::new(None, None, Some("dns"), None)).contains("network"));
    }

    #[test]
    fn the_far_end_forges_no_log_line() {
        let forged = Refusal::new(Some(400), Some("Bad\nCode"), Some("x\n2026-11-30 ERROR forged\u{1b}[0m"), None).to_string();
        assert!(!forged.contains(['\n', '\u{1b}']), "{forged}");
    }
}
