//! The credentials of our calls, kept while they are valid.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials as _, SharedCredentialsProvider},
};
use aws_smithy_runtime_api::client::identity::Identity;

use crate::http::Cause;

/// Credentials are fetched again this long before they end: a call takes time, and so does AWS.
const MARGIN: Duration = Duration::from_secs(10);

/// What `provider` gives.
///
/// # Errors
/// It has none.
pub(super) async fn provided(
    provider: Option<&SharedCredentialsProvider>,
) -> Result<Credentials, Cause> {
    let provider = provider.ok_or("there are no AWS credentials")?;
    Ok(provider.provide_credentials().await?)
}

/// Credentials that were fetched once. Those of a function are in its environment, and do not end
/// before the sandbox does.
#[derive(Default)]
pub(super) struct Kept(Mutex<Option<Identity>>);

impl Kept {
    /// Credentials that are valid at `now`, or else what `fetch` gives.
    ///
    /// # Errors
    /// Those of `fetch`.
    pub(super) async fn at<F>(&self, now: SystemTime, fetch: F) -> Result<Identity, Cause>
    where
        F: Future<Output = Result<Credentials, Cause>>,
    {
        if let Some(kept) = self.get().filter(|kept| is_valid(kept, now)) {
            return Ok(kept);
        }
        let fetched = Identity::from(fetch.await?);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(fetched.clone());
        Ok(fetched)
    }

    fn get(&self) -> Option<Identity> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn is_valid(identity: &Identity, now: SystemTime) -> bool {
    identity.expiration().is_none_or(|end| now + MARGIN < end)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn key(kept: &Kept, now: SystemTime, fetched: &Credentials) -> String {
        let identity = kept.at(now, async { Ok(fetched.clone()) }).await.unwrap();
        identity.data::<Credentials>().unwrap().access_key_id().to_owned()
    }

    #[tokio::test]
    async fn credentials_are_fetched_again_shortly_before_they_end() {
        let now = SystemTime::now();
        let end = now + Duration::from_mins(1);
        let first = Credentials::new("first", "secret", None, Some(end), "test");
        let second = Credentials::new("second", "secret", None, None, "test");
        let kept = Kept::default();
        assert_eq!(key(&kept, now, &first).await, "first");
        let valid = end - MARGIN - Duration::from_secs(1);
        assert_eq!(key(&kept, valid, &second).await, "first");
        assert_eq!(key(&kept, end - MARGIN, &second).await, "second");
        // These have no end.
        assert_eq!(key(&kept, end + Duration::from_hours(24), &first).await, "second");
    }

    #[tokio::test]
    async fn failed_fetch_is_an_error_and_the_next_call_fetches_again() {
        let (now, kept) = (SystemTime::now(), Kept::default());
        assert!(kept.at(now, provided(None)).await.is_err());
        let good = Credentials::new("good", "secret", None, None, "test");
        assert_eq!(key(&kept, now, &good).await, "good");
    }
}
