//! Clocks that jump, forwards and back, between deliveries and in the middle of one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ::http::HeaderMap;
use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::json;
use time::{OffsetDateTime, macros::datetime};

use super::{
    Api, DeliveryReport, EventFacts, Found, Idempotency, InDoubt, InvalidOutput, Once, Rendered,
    Search, Vendor, VendorClient, WhenInDoubt,
};
use crate::{
    budget::Budget,
    clock::{Clock, ClockByHand},
    http::{self, Response},
    idempotency::MemoryStore,
    key::{EventId, IdempotencyKey},
    outcome::{Outcome, Wait},
    secrets::{ApiKey, Cached, MemorySecrets, Product, SecretError, SecretStore, Stage, Ttl},
};

const START: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);
const INVOCATION: Duration = Duration::from_secs(25);
const TTL: Duration = Duration::from_mins(5);

/// A vendor that counts its calls, accepts all of them, and never finds them again.
#[derive(Default)]
struct Counter(Arc<AtomicUsize>);

#[async_trait]
impl Api for Counter {
    type Call = ();

    async fn call(&self, (): &(), _: &SecretString, _: Duration) -> Result<Response, http::Error> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Response { status: 200, headers: HeaderMap::new(), body: "{}".into() })
    }

    fn when_in_doubt(&self, (): &()) -> WhenInDoubt<'_, ()> {
        WhenInDoubt::Search(self)
    }
}

impl Vendor for Counter {
    fn prepare(&self, _: Rendered, _: &EventFacts<'_>) -> Result<(), InvalidOutput> {
        Ok(())
    }

    fn classify(&self, (): &(), _: &Response) -> Outcome {
        Outcome::delivered(json!({}))
    }
}

#[async_trait]
impl Search<()> for Counter {
    fn recipient_digest(&self, (): &()) -> String {
        "one".to_owned()
    }

    async fn search(
        &self,
        (): &(),
        _: InDoubt,
        _: &SecretString,
        _: Duration,
    ) -> Result<Response, http::Error> {
        Ok(Response { status: 200, headers: HeaderMap::new(), body: "[]".into() })
    }

    fn read(&self, (): &(), _: &Response) -> Found {
        Found::Nothing
    }
}

/// Secrets whose fetch makes the clock jump.
struct LeapingSecrets {
    secrets: MemorySecrets,
    clock: Arc<ClockByHand>,
    by: time::Duration,
}

#[async_trait]
impl SecretStore for LeapingSecrets {
    async fn fetch(&self, id: &str, stage: Stage) -> Result<Option<SecretString>, SecretError> {
        self.clock.leap(self.by);
        self.secrets.fetch(id, stage).await
    }
}

/// One function, whose clock jumps between acquiring its first lease and the call.
struct Function {
    clock: Arc<ClockByHand>,
    calls: Arc<AtomicUsize>,
    idempotency: Idempotency,
    client: VendorClient<Counter>,
}

impl Function {
    fn leaping(by: time::Duration) -> Self {
        let clock = ClockByHand::at(START);
        let secrets = MemorySecrets::default();
        secrets.put("vendor", "the-key-of-the-vendor");
        let store = Arc::new(LeapingSecrets { secrets, clock: clock.clone(), by });
        let secret = Cached::current("vendor".to_owned(), store, clock.clone(), Ttl(TTL));
        let vendor = Counter::default();
        Self {
            calls: vendor.0.clone(),
            idempotency: Idempotency {
                function: "f",
                store: Arc::new(MemoryStore::default()),
                ttl: Duration::from_hours(720),
                clock: clock.clone(),
            },
            client: VendorClient {
                vendor,
                key: Arc::new(ApiKey::new(secret, "api_key", Product::Other("a key"))),
                timeout: Duration::from_secs(15),
            },
            clock,
        }
    }

    async fn deliver(&self) -> DeliveryReport {
        let now = self.clock.now();
        let budget = Budget::of_invocation(now, now + INVOCATION);
        let key = IdempotencyKey::new(&EventId::of_event(None, &json!({})), None);
        let once =
            Once { idempotency: &self.idempotency, key: &key, person: None, not_sent_before: None };
        self.client.deliver(&(), Some(once), &budget).await
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

#[tokio::test(start_paused = true)]
async fn clock_jump_past_the_lease_makes_no_call_and_releases_it() {
    let function = Function::leaping(time::Duration::hours(1));
    let came = function.deliver().await;
    assert!(matches!(came.outcome, Outcome::TryLater { .. }), "{came:?}");
    assert_eq!(function.calls(), 0);
    assert!(matches!(function.deliver().await.outcome, Outcome::Delivered { .. }));
    assert!(matches!(function.deliver().await.outcome, Outcome::Duplicate));
    assert_eq!(function.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn clock_moving_back_causes_no_second_call() {
    for by in [-time::Duration::SECOND, -time::Duration::hours(1), -time::Duration::days(3650)] {
        let function = Function::leaping(by);
        assert!(matches!(function.deliver().await.outcome, Outcome::Delivered { .. }), "{by}");
        assert!(matches!(function.deliver().await.outcome, Outcome::Duplicate), "{by}");
        assert_eq!(function.calls(), 1, "{by}");
    }
}

#[tokio::test(start_paused = true)]
async fn lease_written_before_the_clock_moved_back_still_ends() {
    let function = Function::leaping(time::Duration::ZERO);
    let key = IdempotencyKey::new(&EventId::of_event(None, &json!({})), None);
    let budget = Budget::of_invocation(START, START + INVOCATION);
    // A delivery acquires the lease and never returns.
    function.idempotency.acquire(&key, None, &budget).await.unwrap();
    function.clock.leap(-time::Duration::days(1));
    let Outcome::TryLater { wait: Wait::Until(wait), .. } = function.deliver().await.outcome else {
        panic!("the lease is held")
    };
    assert_eq!(wait, Duration::from_hours(24) + INVOCATION + Duration::from_secs(2));
    function.clock.leap(wait.try_into().unwrap());
    let came = function.deliver().await;
    assert!(matches!(came.outcome, Outcome::InDoubt { .. }), "its call may have gone out");
    function.clock.leap(time::Duration::minutes(31));
    assert!(matches!(function.deliver().await.outcome, Outcome::Delivered { .. }));
    assert_eq!(function.calls(), 1);
}
