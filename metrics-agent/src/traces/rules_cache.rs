//! [`RulesCache`]: all SDKs of this host ask for the same rules.
//!
//! Targets are not merged: an answer names rules and no clients, so one call speaks for one client only.

use std::collections::HashMap;
use std::time::Duration;

use axum::body::Bytes;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::clock;
use telemetry_aws::Answer;

/// SDKs ask every five minutes; what has been modified since is asked for at once.
const KEPT: Duration = Duration::from_secs(60);
/// A failure is told to those who wait for the same answer, and forgotten.
const FAILURE_KEPT: Duration = Duration::from_secs(1);
/// Pages of one set of rules; a request is a token.
const PAGES: usize = 100;
const REQUEST: usize = 4 << 10;

/// Answers by request.
#[derive(Debug, Default)]
pub(super) struct RulesCache(Mutex<HashMap<Bytes, Kept>>);

#[derive(Debug)]
struct Kept {
    answer: Result<Answer, String>,
    asked: f64,
    until: Instant,
}

impl RulesCache {
    /// The answer that is kept, or that of `ask`: one at a time, so that who asks meanwhile gets the same.
    pub(super) async fn get(&self, request: Bytes, ask: impl Future<Output = Result<Answer, String>>) -> Result<Answer, String> {
        if request.len() > REQUEST {
            return ask.await;
        }
        let mut kept = self.0.lock().await;
        kept.retain(|_, kept| Instant::now() < kept.until);
        if let Some(kept) = kept.get(&request) {
            return kept.answer.clone();
        }
        let asked = clock::now();
        let answer = ask.await;
        let is_good = answer.as_ref().is_ok_and(|answer| answer.status.is_success());
        let until = Instant::now() + if is_good { KEPT } else { FAILURE_KEPT };
        if kept.len() < PAGES {
            kept.insert(request, Kept { answer: answer.clone(), asked, until });
        }
        answer
    }

    /// Forgets rules that are older than the last modification that an answer about targets tells of.
    pub(super) async fn note_targets(&self, answer: &Bytes) {
        #[derive(Deserialize)]
        struct Targets {
            #[serde(rename = "LastRuleModification", default)]
            modified: f64,
        }
        /// The clocks of X-Ray and of this host may differ.
        const APART: f64 = 5.0;
        if let Ok(targets) = serde_json::from_slice::<Targets>(answer) {
            self.0.lock().await.retain(|_, kept| targets.modified + APART < kept.asked);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use axum::http::{HeaderMap, StatusCode};

    use super::*;

    fn answer(calls: &Cell<u32>, status: u16) -> impl Future<Output = Result<Answer, String>> {
        calls.set(calls.get() + 1);
        let body = Bytes::from(format!("{{\"call\":{}}}", calls.get()));
        async move { Ok(Answer::new(StatusCode::from_u16(status).unwrap(), HeaderMap::new(), body)) }
    }

    fn request() -> Bytes {
        Bytes::from_static(b"{}")
    }

    #[tokio::test(start_paused = true)]
    async fn one_answer_is_for_all_for_a_minute() {
        let (cache, calls) = (RulesCache::default(), Cell::new(0));
        let ask = async || cache.get(request(), async { answer(&calls, 200).await }).await.unwrap().body;
        assert_eq!((ask().await, ask().await), (Bytes::from("{\"call\":1}"), Bytes::from("{\"call\":1}")));
        tokio::time::advance(KEPT).await;
        assert_eq!(ask().await, "{\"call\":2}");
        cache.get(Bytes::from("{\"NextToken\":\"2\"}"), async { answer(&calls, 200).await }).await.unwrap();
        assert_eq!(calls.get(), 3, "another page is another answer");
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_asked_for_again_soon() {
        let (cache, calls) = (RulesCache::default(), Cell::new(0));
        let ask = async || cache.get(request(), async { answer(&calls, 503).await }).await.unwrap().status;
        assert_eq!((ask().await.as_u16(), ask().await.as_u16(), calls.get()), (503, 503, 1));
        tokio::time::advance(FAILURE_KEPT).await;
        ask().await;
        assert_eq!(calls.get(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn rules_that_were_modified_are_asked_for_at_once() {
        let (cache, calls) = (RulesCache::default(), Cell::new(0));
        let ask = async || cache.get(request(), async { answer(&calls, 200).await }).await.map(drop).unwrap();
        ask().await;
        cache.note_targets(&Bytes::from("{\"LastRuleModification\":1.0,\"SamplingTargetDocuments\":[]}")).await;
        cache.note_targets(&Bytes::from("garbage")).await;
        ask().await;
        assert_eq!(calls.get(), 1);
        cache.note_targets(&Bytes::from(format!("{{\"LastRuleModification\":{}}}", clock::now()))).await;
        ask().await;
        assert_eq!(calls.get(), 2);
    }
}
