//! How often the store of secrets is asked: unauthenticated callers do not decide it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use futures_util::future::join_all;
use proptest::prelude::*;
use tokio::{runtime::Builder, time::sleep};

use super::*;
use crate::secrets::{SecretStore, Stage, prefetch};

const TTL: Duration = Duration::from_mins(5);

/// A slow store, so that callers overlap in it.
#[derive(Default)]
struct SlowStore {
    secrets: MemorySecrets,
    at_once: AtomicUsize,
    met: AtomicBool,
}

#[async_trait]
impl SecretStore for SlowStore {
    async fn fetch(&self, id: &str, stage: Stage) -> Result<Option<SecretString>, SecretError> {
        let others = self.at_once.fetch_add(1, Ordering::Relaxed);
        self.met.fetch_or(others >= 1, Ordering::Relaxed);
        sleep(Duration::from_millis(300)).await;
        self.at_once.fetch_sub(1, Ordering::Relaxed);
        self.secrets.fetch(id, stage).await
    }
}

fn slow(secret: &str) -> (Arc<SlowStore>, CallerAuth) {
    let store = Arc::new(SlowStore::default());
    store.secrets.put("s", secret);
    let clock = Arc::new(VirtualClock::starting_at(datetime!(2026-01-01 00:00 UTC)));
    let cached = Cached::both("s".to_owned(), store.clone(), clock, Ttl(TTL));
    (store, CallerAuth::new(cached, ory("Authorization")))
}

fn key(key: &str) -> WebhookRequest {
    header("authorization", key)
}

#[tokio::test(start_paused = true)]
async fn concurrent_unauthenticated_callers_share_one_secret_lookup() {
    let (store, auth) = slow(KEY);
    auth.secret().get().await.unwrap();
    assert_eq!(store.secrets.fetches(), 1);
    let strangers = (0..500).map(|n| format!("a-wrong-key-of-length-{n}"));
    let strangers = strangers.map(|wrong| auth.authenticate(key(&wrong)));
    let honest = join_all((0..50).map(|_| auth.authenticate(key(KEY))));
    let (turned_away, let_in) = tokio::join!(join_all(strangers), honest);
    assert!(turned_away.iter().all(|answer| matches!(answer, Err(AuthError::Mismatch))));
    assert!(let_in.iter().all(Result::is_ok));
    assert_eq!(store.secrets.fetches(), 2);
    assert!(!store.met.load(Ordering::Relaxed), "one look-up at a time");
}

#[tokio::test(start_paused = true)]
async fn concurrent_callers_share_the_first_secret_lookup() {
    let (store, auth) = slow(KEY);
    let answers = join_all((0..100).map(|_| auth.authenticate(key(KEY)))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(store.secrets.fetches(), 1);
}

/// Signatures with a wrong secret cause no more look-ups.
#[tokio::test(start_paused = true)]
async fn wrong_signatures_cause_one_secret_lookup_per_pause() {
    let (store, auth) = slow(KEY);
    let signing = SigningSecret::new(auth.secret, "signing_secret");
    for pauses in 1..=3 {
        join_all((0..50).map(|_| signing.versions_after_mismatch())).await;
        assert_eq!(store.secrets.fetches(), pauses);
        advance(LOOK_UP_PAUSE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn placeholder_causes_one_secret_lookup_per_pause() {
    let (store, auth) = slow("replace-me");
    auth.secret().get().await.unwrap();
    for looks in 2..=4 {
        for _ in 0..20 {
            let answer = auth.authenticate(key("a-wrong-key-of-length")).await;
            assert!(matches!(answer, Err(AuthError::Unusable)));
        }
        assert_eq!(store.secrets.fetches(), looks);
        advance(LOOK_UP_PAUSE).await;
    }
    store.secrets.put("s", KEY);
    assert!(auth.authenticate(key(KEY)).await.is_ok(), "it was filled in");
}

/// Whether the store denies or is down, from the start or later: no caller passes, and it is asked
/// once.
#[tokio::test(start_paused = true)]
async fn failing_store_is_called_once_per_pause() {
    for refusing in [true, false] {
        let (store, auth) = slow(KEY);
        store.secrets.set_refusing(refusing);
        store.secrets.set_down(!refusing);
        prefetch(&[auth.secret()]).await;
        for looks in 1..=3 {
            let keys = ["a-wrong-key-of-length", KEY].repeat(5);
            for answer in join_all(keys.into_iter().map(|one| auth.authenticate(key(one)))).await {
                assert!(matches!(answer, Err(AuthError::Unreadable(_))));
            }
            assert_eq!(store.secrets.fetches(), looks);
            advance(LOOK_UP_PAUSE).await;
        }
        store.secrets.set_refusing(false);
        store.secrets.set_down(false);
        assert!(auth.authenticate(key(KEY)).await.is_ok(), "it is back");
    }
}

/// A cached and fresh key needs no store.
#[tokio::test(start_paused = true)]
async fn denied_lookup_after_a_mismatch_keeps_the_valid_key() {
    let (store, auth) = slow(KEY);
    auth.secret().get().await.unwrap();
    store.secrets.set_refusing(true);
    for _ in 0..10 {
        let stranger = auth.authenticate(key("a-wrong-key-of-length")).await;
        assert!(matches!(stranger, Err(AuthError::Unreadable(_))));
        assert!(auth.authenticate(key(KEY)).await.is_ok());
    }
    assert_eq!(store.secrets.fetches(), 2);
}

/// What happens between two readings of the clock.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Pass(u32),
    Stranger,
    Strangers(usize),
    Honest,
    Rotation,
    Away(bool),
    Denies(bool),
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        4 => (0_u32..20_000).prop_map(Happening::Pass),
        1 => (0_u32..400_000).prop_map(Happening::Pass),
        5 => Just(Happening::Stranger),
        2 => (2_usize..9).prop_map(Happening::Strangers),
        3 => Just(Happening::Honest),
        1 => Just(Happening::Rotation),
        1 => any::<bool>().prop_map(Happening::Away),
        1 => any::<bool>().prop_map(Happening::Denies),
    ];
    prop::collection::vec(one, 1..40)
}

/// How often something can happen that happens at most once per `pause`.
fn at_most(time: Duration, pause: Duration) -> u128 {
    time.as_millis() / pause.as_millis() + 1
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Over any time, for any caller and any behaviour of the store: one look-up for the time that
    /// a secret is kept, and one per pause.
    #[test]
    fn unauthenticated_callers_never_control_the_lookup_rate(happenings in happenings()) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let asked = runtime.block_on(async {
            let (store, auth) = slow(KEY);
            auth.secret().get().await.unwrap();
            let began = tokio::time::Instant::now();
            let mut rotations = 0;
            for happening in happenings {
                match happening {
                    Happening::Pass(milliseconds) => advance(Duration::from_millis(milliseconds.into())).await,
                    Happening::Stranger => assert!(auth.authenticate(key("a-wrong-key-of-length")).await.is_err()),
                    Happening::Strangers(n) => {
                        let wrong = (0..n).map(|_| auth.authenticate(key("a-wrong-key-of-length")));
                        assert!(join_all(wrong).await.iter().all(Result::is_err));
                    }
                    Happening::Honest => drop(auth.authenticate(key(KEY)).await),
                    Happening::Rotation => {
                        rotations += 1;
                        store.secrets.put("s", &format!("{NEXT}-{rotations}"));
                    }
                    Happening::Away(away) => store.secrets.set_down(away),
                    Happening::Denies(denies) => store.secrets.set_refusing(denies),
                }
            }
            (store.secrets.fetches(), began.elapsed())
        });
        let (fetches, time) = asked;
        // The first fetch counts for the time that a secret is kept.
        let allowed = at_most(time, TTL) + at_most(time, LOOK_UP_PAUSE);
        prop_assert!(fetches as u128 <= allowed, "{fetches} of {allowed} in {time:?}");
    }
}

/// A store in which the current version takes longer to fetch than the previous one.
struct LaggingStore(MemorySecrets);

#[async_trait]
impl SecretStore for LaggingStore {
    async fn fetch(&self, id: &str, stage: Stage) -> Result<Option<SecretString>, SecretError> {
        if stage == Stage::Current {
            sleep(Duration::from_millis(300)).await;
        }
        self.0.fetch(id, stage).await
    }
}

#[tokio::test(start_paused = true)]
async fn key_that_is_rotated_during_the_lookup_is_accepted() {
    const NEXT_KEY: &str = "the-next-key-of-the-caller";
    let store = Arc::new(LaggingStore(MemorySecrets::default()));
    store.0.put("s", KEY);
    let clock = Arc::new(VirtualClock::starting_at(datetime!(2026-01-01 00:00 UTC)));
    let cached = Cached::both("s".to_owned(), store.clone(), clock, Ttl(TTL));
    let auth = CallerAuth::new(cached, ory("Authorization"));
    let rotate = async {
        sleep(Duration::from_millis(100)).await;
        store.0.put("s", NEXT_KEY);
        // Another lookup would find both versions, but it fails.
        sleep(Duration::from_millis(250)).await;
        store.0.set_down(true);
    };
    let (found, ()) = tokio::join!(auth.secret().get(), rotate);
    assert!(found.is_ok());
    for known in [KEY, NEXT_KEY] {
        assert!(auth.authenticate(key(known)).await.is_ok(), "{known}");
    }
}
