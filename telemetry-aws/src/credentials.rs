//! [`KeptCredentials`]: found once, for all clients, until they expire or AWS refuses them.
//!
//! The SDK's own cache keeps what AWS refuses until it expires, and keys that somebody made never expire; its providers read a profile's file
//! once. An agent whose key was replaced would have to be started again.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Temporary ones are replaced so long before they expire.
const BEFORE_EXPIRY: Duration = Duration::from_secs(60);
/// Lasting ones are looked at again after so long.
const LASTING: Duration = Duration::from_secs(300);
/// A metadata service, or STS, that needs longer does not answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Count of refused credentials; those that were found before the last refusal are not kept.
static REFUSALS: AtomicU64 = AtomicU64::new(0);

/// Codes by which AWS refuses credentials.
pub(crate) fn is_of_credentials(code: &str) -> bool {
    const CODES: [&str; 5] =
        ["ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"];
    CODES.contains(&code)
}

/// Notes that AWS refused credentials, if that is what the code says.
pub(crate) fn note_refusal(code: &str) {
    if is_of_credentials(code) {
        REFUSALS.fetch_add(1, Ordering::Relaxed);
    }
}

/// Makes a provider that has read nothing yet.
pub type NewProvider = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Option<SharedCredentialsProvider>> + Send>> + Send + Sync>;

/// Keeps what another provider finds.
pub struct KeptCredentials {
    new_provider: NewProvider,
    refusals: &'static AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    provider: SharedCredentialsProvider,
    kept: Option<Kept>,
}

#[derive(Debug)]
struct Kept {
    credentials: Credentials,
    refusals: u64,
    until: Instant,
}

impl std::fmt::Debug for KeptCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptCredentials").field("state", &self.state).finish_non_exhaustive()
    }
}

impl KeptCredentials {
    /// Keeps what `provider` finds; after a refusal another one is asked.
    #[must_use]
    pub fn new(provider: SharedCredentialsProvider, new_provider: NewProvider) -> Self {
        Self { new_provider, refusals: &REFUSALS, state: Mutex::new(State { provider, kept: None }) }
    }

    /// One at a time: who asks meanwhile gets the same.
    async fn provide(&self) -> Result<Credentials, CredentialsError> {
        let mut state = self.state.lock().await;
        let refusals = self.refusals.load(Ordering::Relaxed);
        if let Some(kept) = &state.kept {
            let is_refused = kept.refusals != refusals;
            if !is_refused && Instant::now() < kept.until {
                return Ok(kept.credentials.clone());
            }
            if is_refused && let Some(provider) = (self.new_provider)().await {
                state.provider = provider;
            }
        }
        let found = tokio::time::timeout(TIMEOUT, state.provider.provide_credentials()).await;
        let credentials = found.unwrap_or_else(|_| Err(CredentialsError::provider_timed_out(TIMEOUT)))?;
        let until = Instant::now() + worth(&credentials, crate::clock::signing_now());
        state.kept = Some(Kept { credentials: credentials.clone(), refusals, until });
        Ok(credentials)
    }
}

/// Returns the time for which credentials are kept.
fn worth(credentials: &Credentials, now: SystemTime) -> Duration {
    let Some(expiry) = credentials.expiry() else { return LASTING };
    expiry.duration_since(now).unwrap_or_default().saturating_sub(BEFORE_EXPIRY)
}

impl ProvideCredentials for KeptCredentials {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::new(self.provide())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static NOBODY: AtomicU64 = AtomicU64::new(0);

    /// Its file has been read: it always finds the same.
    #[derive(Debug)]
    struct Found(u64, Option<Duration>);

    impl ProvideCredentials for Found {
        fn provide_credentials<'a>(&'a self) -> Provided<'a>
        where
            Self: 'a,
        {
            let expiry = self.1.map(|lasts| crate::clock::signing_now() + lasts);
            Provided::ready(Ok(Credentials::new(self.0.to_string(), "secret", None, expiry, "test")))
        }
    }

    /// AWS refuses the same for all tests; only one of them listens.
    fn kept(lasts: Option<Duration>, refusals: &'static AtomicU64) -> KeptCredentials {
        let made = AtomicU64::new(1);
        let new_provider: NewProvider = Box::new(move || {
            let number = made.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move { Some(SharedCredentialsProvider::new(Found(number, lasts))) })
        });
        KeptCredentials { refusals, ..KeptCredentials::new(SharedCredentialsProvider::new(Found(0, lasts)), new_provider) }
    }

    async fn asked(kept: &KeptCredentials) -> (String, Option<SystemTime>) {
        let credentials = kept.provide().await.unwrap();
        (credentials.access_key_id().to_owned(), credentials.expiry())
    }

    #[tokio::test(start_paused = true)]
    async fn they_are_kept_until_shortly_before_they_expire() {
        let kept = kept(Some(Duration::from_secs(3_600)), &NOBODY);
        let first = asked(&kept).await;
        tokio::time::advance(Duration::from_secs(3_530)).await;
        assert_eq!(asked(&kept).await, first);
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_ne!(asked(&kept).await.1, first.1);
    }

    #[tokio::test(start_paused = true)]
    async fn those_that_aws_refuses_are_looked_for_where_nothing_has_been_read() {
        let kept = kept(None, &REFUSALS);
        assert_eq!(asked(&kept).await.0, "0");
        note_refusal("ThrottlingException");
        tokio::time::advance(LASTING).await;
        assert_eq!(asked(&kept).await.0, "0");
        note_refusal("UnrecognizedClientException");
        assert_eq!(asked(&kept).await.0, "1");
        assert_eq!(asked(&kept).await.0, "1");
    }
}
