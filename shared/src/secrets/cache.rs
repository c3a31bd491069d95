//! A cached secret: fetched in advance, renewed when old, still served while the store is down.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use secrecy::SecretString;
use time::OffsetDateTime;
use tokio::{
    sync::{Mutex, MutexGuard},
    time::timeout,
};

use super::{SecretError, SecretStore, Stage};
use crate::{clock::SharedClock, telemetry::chain};

/// How long the start waits for the secrets: a store that is down must not keep a sandbox from
/// starting, as a later use tries again.
const PREFETCH_LIMIT: Duration = Duration::from_secs(2);

/// How long an old value is still served while the store cannot be reached.
const STALE_LIMIT: Duration = Duration::from_hours(1);

/// The pause after a look-up that failed, and after one that was made only because of what a caller
/// presented: unauthenticated callers never decide how often the store is asked.
pub const LOOK_UP_PAUSE: Duration = Duration::from_secs(30);

/// How long a fetched secret counts as fresh.
#[derive(Clone, Copy, Debug)]
pub struct Ttl(pub Duration);

/// The versions of a secret that were fetched together.
#[derive(Clone, Debug)]
pub struct Versions {
    /// `AWSCURRENT`.
    pub current: SecretString,
    /// `AWSPREVIOUS`, if it was asked for and exists.
    pub previous: Option<SecretString>,
}

/// Inspects the fetched versions, once for each fetch.
type Inspect = Box<dyn Fn(&str, &Versions) + Send + Sync>;

/// One secret, cached.
pub struct Cached {
    id: String,
    with_previous: bool,
    store: Arc<dyn SecretStore>,
    clock: SharedClock,
    ttl: Ttl,
    inspect: Option<Inspect>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    versions: Option<(Versions, OffsetDateTime)>,
    /// The last look-up, if it failed.
    failed: Option<(Failure, OffsetDateTime)>,
    refreshed: Option<OffsetDateTime>,
}

/// Why a look-up failed, kept for other callers during the pause.
#[derive(Clone, PartialEq)]
enum Failure {
    Refused(String),
    Unreachable,
    /// All its callers gave up.
    GivenUp,
}

impl From<&SecretError> for Failure {
    fn from(error: &SecretError) -> Self {
        match error {
            SecretError::Refused(reason) => Self::Refused(reason.clone()),
            SecretError::Unreachable(_) => Self::Unreachable,
        }
    }
}

impl From<Failure> for SecretError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(reason) => Self::Refused(reason),
            Failure::Unreachable | Failure::GivenUp => {
                Self::Unreachable("the last lookup failed; waiting before the next one".into())
            }
        }
    }
}

impl Held {
    /// If the clock was set back, all ages are unknown: the value counts as just too old, and no
    /// pause applies. Otherwise a key that was rotated away would stay valid for as long as the
    /// clock was wrong by.
    fn mind_the_clock(&mut self, now: OffsetDateTime, ttl: Ttl) {
        if let Some((_, since)) = self.versions.as_mut().filter(|(_, since)| *since > now) {
            *since = now - ttl.0;
        }
        self.failed = self.failed.take().filter(|(_, failed)| *failed <= now);
        self.refreshed = self.refreshed.filter(|refreshed| *refreshed <= now);
    }
}

impl Cached {
    /// A secret of which only the current version matters: a vendor's API key.
    pub fn current(id: String, store: Arc<dyn SecretStore>, clock: SharedClock, ttl: Ttl) -> Self {
        let held = Mutex::default();
        Self { id, with_previous: false, store, clock, ttl, inspect: None, held }
    }

    /// A secret that callers present: during a rotation both versions are valid.
    pub fn both(id: String, store: Arc<dyn SecretStore>, clock: SharedClock, ttl: Ttl) -> Self {
        Self { with_previous: true, ..Self::current(id, store, clock, ttl) }
    }

    /// The same, with a function that inspects the fetched versions, once for each fetch. `inspect`
    /// also gets the secret's id.
    #[must_use]
    pub fn inspected(self, inspect: impl Fn(&str, &Versions) + Send + Sync + 'static) -> Self {
        Self { inspect: Some(Box::new(inspect)), ..self }
    }

    /// The secret, fetched if the cached one is too old.
    ///
    /// # Errors
    /// Why it is not available; the same for [`LOOK_UP_PAUSE`] after a look-up that failed.
    pub async fn get(&self) -> Result<Versions, SecretError> {
        let mut held = self.held().await;
        match self.held_for(&held) {
            Some((versions, age)) if age < self.ttl.0 => Ok(versions.clone()),
            _ => match self.recent_failure(&held) {
                Some(failure) => self.without_the_store(&held, failure.into()),
                None => self.renew(&mut held).await,
            },
        }
    }

    /// The secret fetched again, but at most once per `pause`; within it, the result of the last
    /// look-up.
    ///
    /// # Errors
    /// As of [`Self::get`].
    pub async fn refresh(&self, pause: Duration) -> Result<Versions, SecretError> {
        let mut held = self.held().await;
        if let Some(failure) = self.recent_failure(&held) {
            return self.without_the_store(&held, failure.into());
        }
        match (&held.versions, held.refreshed) {
            (Some((versions, _)), Some(last)) if self.clock.now() - last < pause => {
                Ok(versions.clone())
            }
            _ => {
                held.refreshed = Some(self.clock.now());
                self.renew(&mut held).await
            }
        }
    }

    async fn forget_look_up_given_up(&self) {
        let mut held = self.held().await;
        held.failed.take_if(|(failure, _)| *failure == Failure::GivenUp);
    }

    async fn held(&self) -> MutexGuard<'_, Held> {
        let mut held = self.held.lock().await;
        held.mind_the_clock(self.clock.now(), self.ttl);
        held
    }

    async fn renew(&self, held: &mut Held) -> Result<Versions, SecretError> {
        // All callers may give up, which ends the look-up: then it has failed.
        held.failed = Some((Failure::GivenUp, self.clock.now()));
        match self.fetch().await {
            Ok(versions) => {
                held.failed = None;
                held.versions = Some((versions.clone(), self.clock.now()));
                if let Some(inspect) = &self.inspect {
                    inspect(&self.id, &versions);
                }
                Ok(versions)
            }
            Err(error) => {
                held.failed = Some(((&error).into(), self.clock.now()));
                let served = self.without_the_store(held, error);
                if served.is_ok() {
                    tracing::warn!(
                        secret.id = self.id,
                        secret.age_s = self.held_for(held).map(|(_, age)| age.as_secs()),
                        "cannot reach the secret store; using the cached value"
                    );
                }
                served
            }
        }
    }

    /// The result without the store, which has failed with `error`: while it cannot be reached, the
    /// old value is still served for a while.
    fn without_the_store(&self, held: &Held, error: SecretError) -> Result<Versions, SecretError> {
        match (error, self.held_for(held)) {
            (SecretError::Unreachable(_), Some((versions, age)))
                if age < self.ttl.0 + STALE_LIMIT =>
            {
                Ok(versions.clone())
            }
            (error, _) => Err(error),
        }
    }

    async fn fetch(&self) -> Result<Versions, SecretError> {
        let none = || SecretError::Refused("the secret has no current version".to_owned());
        let current = self.store.fetch(&self.id, Stage::Current).await?.ok_or_else(none)?;
        if !self.with_previous {
            return Ok(Versions { current, previous: None });
        }
        // One after the other: if the secret is rotated in between, the current version becomes the
        // previous one. Two fetches at once could both miss that version.
        let previous = match self.store.fetch(&self.id, Stage::Previous).await {
            // Without a previous version, the current one is enough.
            Err(SecretError::Refused(_)) => None,
            other => other?,
        };
        Ok(Versions { current, previous })
    }

    fn held_for<'a>(&self, held: &'a Held) -> Option<(&'a Versions, Duration)> {
        let (versions, since) = held.versions.as_ref()?;
        // Only a clock that is set back during a fetch leads here.
        let age = Duration::try_from(self.clock.now() - *since).unwrap_or_default();
        Some((versions, age))
    }

    /// Why the last look-up failed, during the pause after it.
    fn recent_failure(&self, held: &Held) -> Option<Failure> {
        let (failure, failed) = held.failed.as_ref()?;
        (self.clock.now() - *failed < LOOK_UP_PAUSE).then(|| failure.clone())
    }
}

/// Fetches all the secrets at once while the sandbox starts. A failure is only logged: the first
/// use after [`LOOK_UP_PAUSE`] tries again; the first use at once, if the store was only slow.
pub async fn prefetch(secrets: &[&Cached]) {
    let all = join_all(secrets.iter().map(|secret| async {
        if let Err(error) = secret.get().await {
            tracing::warn!(
                secret.id = secret.id,
                error = chain(&error),
                "failed to prefetch a secret"
            );
        }
    }));
    if timeout(PREFETCH_LIMIT, all).await.is_err() {
        tracing::warn!("gave up prefetching secrets after {PREFETCH_LIMIT:?}");
        // Our timeout says nothing about the store: the first use tries again.
        for secret in secrets {
            secret.forget_look_up_given_up().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use time::macros::datetime;
    use tokio::time::advance;

    use super::{super::MemorySecrets, *};
    use crate::clock::{ClockByHand, VirtualClock};

    const TTL: Ttl = Ttl(Duration::from_mins(5));

    fn cached(store: &Arc<MemorySecrets>) -> Cached {
        let clock = Arc::new(VirtualClock::starting_at(datetime!(2026-01-01 00:00 UTC)));
        Cached::both("s".to_owned(), store.clone(), clock, TTL)
    }

    async fn current(cached: &Cached) -> String {
        cached.get().await.unwrap().current.expose_secret().to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn secret_is_fetched_once_per_ttl() {
        let store = Arc::new(MemorySecrets::default());
        store.put("s", "one");
        let cached = cached(&store);
        assert_eq!(current(&cached).await, "one");
        store.put("s", "two");
        advance(TTL.0.mul_f64(0.99)).await;
        assert_eq!(current(&cached).await, "one");
        assert_eq!(store.fetches(), 1);
        advance(TTL.0.mul_f64(0.01)).await;
        assert_eq!(current(&cached).await, "two");
        let versions = cached.get().await.unwrap();
        assert_eq!(versions.previous.unwrap().expose_secret(), "one");
        assert_eq!(store.fetches(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn cancelled_prefetch_is_retried_on_first_use() {
        let store = Arc::new(MemorySecrets::default());
        store.put("s", "one");
        store.set_delay(PREFETCH_LIMIT * 2);
        let cached = cached(&store);
        prefetch(&[&cached]).await;
        assert_eq!(current(&cached).await, "one");
    }

    #[tokio::test(start_paused = true)]
    async fn cached_secret_is_used_for_an_hour_of_outage() {
        let store = Arc::new(MemorySecrets::default());
        store.put("s", "one");
        let cached = cached(&store);
        current(&cached).await;
        store.set_down(true);
        advance((TTL.0 + STALE_LIMIT).mul_f64(0.99)).await;
        assert_eq!(current(&cached).await, "one");
        advance((TTL.0 + STALE_LIMIT).mul_f64(0.01)).await;
        assert!(matches!(cached.get().await, Err(SecretError::Unreachable(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn outage_throttles_lookups_to_one_per_pause() {
        let store = Arc::new(MemorySecrets::default());
        store.put("s", "one");
        let cached = cached(&store);
        current(&cached).await;
        store.set_down(true);
        advance(TTL.0).await;
        for _ in 0..5 {
            current(&cached).await;
        }
        assert_eq!(store.fetches(), 2);
        store.set_down(false);
        store.put("s", "two");
        advance(LOOK_UP_PAUSE).await;
        assert_eq!(current(&cached).await, "two");
    }

    #[tokio::test(start_paused = true)]
    async fn denied_secret_is_not_replaced_by_a_cached_value() {
        let store = Arc::new(MemorySecrets::default());
        store.put("s", "one");
        let cached = cached(&store);
        current(&cached).await;
        store.set_refusing(true);
        advance(TTL.0).await;
        for _ in 0..5 {
            assert!(matches!(cached.get().await, Err(SecretError::Refused(_))));
        }
        assert_eq!(store.fetches(), 2);
        store.set_refusing(false);
        advance(LOOK_UP_PAUSE).await;
        assert_eq!(current(&cached).await, "one");
    }

    #[tokio::test(start_paused = true)]
    async fn failed_first_lookup_is_retried_after_the_pause() {
        for refusing in [false, true] {
            let store = Arc::new(MemorySecrets::default());
            store.put("s", "one");
            store.set_refusing(refusing);
            store.set_down(!refusing);
            let cached = cached(&store);
            prefetch(&[&cached]).await;
            for _ in 0..5 {
                let (got, refreshed) = (cached.get().await, cached.refresh(LOOK_UP_PAUSE).await);
                for failed in [got, refreshed] {
                    let error = failed.unwrap_err();
                    assert_eq!(matches!(error, SecretError::Refused(_)), refusing, "{error:?}");
                }
            }
            assert_eq!(store.fetches(), 1);
            store.set_refusing(false);
            store.set_down(false);
            advance(LOOK_UP_PAUSE).await;
            assert_eq!(current(&cached).await, "one");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn cancelled_lookup_counts_as_failed() {
        let store = Arc::new(MemorySecrets::default());
        store.put("s", "one");
        store.set_delay(PREFETCH_LIMIT * 2);
        let cached = cached(&store);
        assert!(timeout(PREFETCH_LIMIT, cached.get()).await.is_err());
        assert!(matches!(cached.get().await, Err(SecretError::Unreachable(_))));
        assert_eq!(store.fetches(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn refresh_is_throttled_to_once_per_pause() {
        let store = Arc::new(MemorySecrets::default());
        store.put("s", "one");
        let cached = cached(&store);
        current(&cached).await;
        let pause = Duration::from_secs(30);
        for _ in 0..5 {
            cached.refresh(pause).await.unwrap();
        }
        assert_eq!(store.fetches(), 2);
        advance(pause).await;
        cached.refresh(pause).await.unwrap();
        assert_eq!(store.fetches(), 3);
    }

    /// A secret that was fetched before its clock jumps.
    async fn after_a_leap(by: time::Duration) -> (Arc<MemorySecrets>, Arc<ClockByHand>, Cached) {
        let store = Arc::new(MemorySecrets::default());
        store.put("s", "one");
        let clock = ClockByHand::at(datetime!(2026-01-01 00:00 UTC));
        let cached = Cached::both("s".to_owned(), store.clone(), clock.clone(), TTL);
        current(&cached).await;
        cached.refresh(TTL.0).await.unwrap();
        store.put("s", "two");
        clock.leap(by);
        (store, clock, cached)
    }

    #[tokio::test]
    async fn clock_jump_does_not_extend_the_secret_ttl() {
        for by in [time::Duration::days(365), -time::Duration::days(365), -time::Duration::SECOND] {
            let (store, _, cached) = after_a_leap(by).await;
            assert_eq!(current(&cached).await, "two", "{by}");
            let fetches = store.fetches();
            current(&cached).await;
            assert_eq!(store.fetches(), fetches, "{by}: it is as fresh as any");
        }
    }

    #[tokio::test]
    async fn clock_jump_does_not_prevent_a_refresh_after_a_mismatch() {
        for by in [time::Duration::days(365), -time::Duration::days(365)] {
            let (store, _, cached) = after_a_leap(by).await;
            let versions = cached.refresh(TTL.0).await.unwrap();
            assert_eq!(versions.current.expose_secret(), "two", "{by}");
            let fetches = store.fetches();
            cached.refresh(TTL.0).await.unwrap();
            assert_eq!(store.fetches(), fetches, "{by}: the pause holds again");
        }
    }

    #[tokio::test]
    async fn cached_secret_is_used_for_an_hour_after_the_clock_moved_back() {
        let (store, clock, cached) = after_a_leap(-time::Duration::days(365)).await;
        store.set_down(true);
        assert_eq!(current(&cached).await, "one");
        clock.leap(STALE_LIMIT.mul_f64(0.99).try_into().unwrap());
        assert_eq!(current(&cached).await, "one");
        clock.leap(STALE_LIMIT.mul_f64(0.01).try_into().unwrap());
        assert!(cached.get().await.is_err());
    }

    #[tokio::test]
    async fn clock_moving_back_during_an_outage_ends_the_pause() {
        let (store, clock, cached) = after_a_leap(time::Duration::minutes(6)).await;
        store.set_down(true);
        assert_eq!(current(&cached).await, "one");
        store.set_down(false);
        clock.leap(-time::Duration::days(1));
        assert_eq!(current(&cached).await, "two");
    }
}
