//! [`KeptCredentials`]: found once, for all clients, until they expire or AWS refuses them.
//!
//! The SDK's own cache keeps what AWS refuses until it expires, and keys that somebody made never expire: an agent whose key was replaced would
//! have to be started again.

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

/// How often AWS has refused credentials; what was found before is then not kept.
static REFUSALS: AtomicU64 = AtomicU64::new(0);

/// Notes that AWS refused credentials, if that is what the code says.
pub(super) fn note_refusal(code: &str) {
    const CODES: [&str; 5] =
        ["ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"];
    if CODES.contains(&code) {
        REFUSALS.fetch_add(1, Ordering::Relaxed);
    }
}

/// Keeps what another provider finds.
#[derive(Debug)]
pub(super) struct KeptCredentials {
    provider: SharedCredentialsProvider,
    refusals: &'static AtomicU64,
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug)]
struct Kept {
    credentials: Credentials,
    refusals: u64,
    until: Instant,
}

impl KeptCredentials {
    pub(super) fn new(provider: SharedCredentialsProvider) -> Self {
        Self { provider, refusals: &REFUSALS, kept: Mutex::new(None) }
    }

    /// One at a time: who asks meanwhile gets the same.
    async fn provide(&self) -> Result<Credentials, CredentialsError> {
        let mut kept = self.kept.lock().await;
        let refusals = self.refusals.load(Ordering::Relaxed);
        if let Some(kept) = kept.as_ref()
            && kept.refusals == refusals
            && Instant::now() < kept.until
        {
            return Ok(kept.credentials.clone());
        }
        let found = tokio::time::timeout(TIMEOUT, self.provider.provide_credentials()).await;
        let credentials = found.unwrap_or_else(|_| Err(CredentialsError::provider_timed_out(TIMEOUT)))?;
        let until = Instant::now() + worth(&credentials, crate::clock::signing_now());
        *kept = Some(Kept { credentials: credentials.clone(), refusals, until });
        Ok(credentials)
    }
}

/// How long credentials are kept.
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
    use std::sync::Arc;

    use super::*;

    static NOBODY: AtomicU64 = AtomicU64::new(0);

    #[derive(Debug, Default)]
    struct Counting(Arc<AtomicU64>, Option<Duration>);

    impl ProvideCredentials for Counting {
        fn provide_credentials<'a>(&'a self) -> Provided<'a>
        where
            Self: 'a,
        {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            let expiry = self.1.map(|lasts| crate::clock::signing_now() + lasts);
            Provided::ready(Ok(Credentials::new(number.to_string(), "secret", None, expiry, "test")))
        }
    }

    /// AWS refuses the same for all tests; only one of them listens.
    fn counting(lasts: Option<Duration>, refusals: &'static AtomicU64) -> KeptCredentials {
        KeptCredentials { refusals, ..KeptCredentials::new(SharedCredentialsProvider::new(Counting(Arc::default(), lasts))) }
    }

    async fn key(kept: &KeptCredentials) -> String {
        kept.provide().await.unwrap().access_key_id().to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn they_are_kept_until_shortly_before_they_expire() {
        let kept = counting(Some(Duration::from_secs(3_600)), &NOBODY);
        assert_eq!((key(&kept).await, key(&kept).await), ("0".into(), "0".into()));
        tokio::time::advance(Duration::from_secs(3_530)).await;
        assert_eq!(key(&kept).await, "0");
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(key(&kept).await, "1");
    }

    #[tokio::test(start_paused = true)]
    async fn those_that_aws_refuses_are_found_again() {
        let kept = counting(None, &REFUSALS);
        assert_eq!(key(&kept).await, "0");
        note_refusal("ThrottlingException");
        assert_eq!(key(&kept).await, "0");
        note_refusal("UnrecognizedClientException");
        assert_eq!(key(&kept).await, "1");
    }
}
