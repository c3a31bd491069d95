//! Calls in doubt that are held, over any order of answers, waits and words of an operator.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ::http::HeaderMap;
use async_trait::async_trait;
use proptest::prelude::*;
use secrecy::SecretString;
use serde_json::json;
use time::{OffsetDateTime, macros::datetime};
use tokio::runtime::Builder;

use super::{
    Api, EventFacts, Idempotency, InvalidOutput, Once, Rendered, Vendor, VendorClient, WhenInDoubt,
};
use crate::{
    budget::Budget,
    clock::{Clock, ClockByHand},
    http::{self, Response},
    idempotency::MemoryStore,
    key::{EventId, IdempotencyKey},
    outcome::Outcome,
    secrets::{ApiKey, Product},
};

const START: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);
const INVOCATION: Duration = Duration::from_secs(25);
/// Longer than a lease.
const BACKOFF: Duration = Duration::from_mins(15);

/// What becomes of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Answer {
    Delivered,
    /// None, and nobody knows whether it went out.
    None,
    /// A definite "nothing happened".
    Unavailable,
}

/// A vendor whose duplicates somebody would see. It gives the prepared answers, and then success.
struct Holding {
    answers: Mutex<VecDeque<Answer>>,
    calls: Mutex<Vec<(OffsetDateTime, Answer)>>,
    clock: Arc<ClockByHand>,
}

#[async_trait]
impl Api for Holding {
    type Call = ();

    async fn call(&self, (): &(), _: &SecretString, _: Duration) -> Result<Response, http::Error> {
        let next = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let answer = next.unwrap_or(Answer::Delivered);
        let call = (self.clock.now(), answer);
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        let status = match answer {
            Answer::Delivered => 200,
            Answer::Unavailable => 503,
            Answer::None => return Err(http::Error::MaybeWritten("cut off".into())),
        };
        Ok(Response { status, headers: HeaderMap::new(), body: "{}".into() })
    }

    fn when_in_doubt(&self, (): &()) -> WhenInDoubt<'_, ()> {
        WhenInDoubt::Hold
    }
}

impl Vendor for Holding {
    fn prepare(&self, _: Rendered, _: &EventFacts<'_>) -> Result<(), InvalidOutput> {
        Ok(())
    }

    fn classify(&self, (): &(), answer: &Response) -> Outcome {
        match answer.status {
            200 => Outcome::delivered(json!({})),
            _ => Outcome::try_later("unavailable"),
        }
    }
}

/// One event of a function.
struct Event {
    clock: Arc<ClockByHand>,
    idempotency: Idempotency,
    client: VendorClient<Holding>,
}

impl Event {
    fn answered(answers: Vec<Answer>) -> Self {
        let clock = ClockByHand::at(START);
        let answers = Mutex::new(answers.into());
        let vendor = Holding { answers, calls: Mutex::default(), clock: clock.clone() };
        Self {
            idempotency: Idempotency {
                function: "f",
                store: Arc::new(MemoryStore::default()),
                ttl: Duration::from_hours(720),
                clock: clock.clone(),
            },
            client: VendorClient {
                vendor,
                key: Arc::new(ApiKey::none(Product::Other("a key"))),
                timeout: Duration::from_secs(15),
            },
            clock,
        }
    }

    /// Receives its message, which says this; the outcome in a word.
    async fn deliver(&self, not_sent_before: Option<OffsetDateTime>) -> &'static str {
        let now = self.clock.now();
        let budget = Budget::of_invocation(now, now + INVOCATION);
        let key = IdempotencyKey::new(&EventId::of_event(None, &json!({})), None);
        let idempotency = &self.idempotency;
        let once = Once { idempotency, key: &key, person: None, not_sent_before };
        self.client.deliver(&(), Some(once), &budget).await.outcome.word()
    }

    fn calls(&self) -> Vec<(OffsetDateTime, Answer)> {
        self.client.vendor.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[tokio::test(start_paused = true)]
async fn held_event_is_sent_once_it_is_known_that_nothing_arrived() {
    let event = Event::answered(vec![Answer::None]);
    assert_eq!(event.deliver(None).await, "in_doubt");
    event.clock.leap(BACKOFF.try_into().unwrap());
    assert_eq!(event.deliver(None).await, "in_doubt");
    event.clock.leap(BACKOFF.try_into().unwrap());
    let word = Some(event.clock.now());
    assert_eq!(event.deliver(word).await, "delivered");
    assert_eq!(event.deliver(word).await, "duplicate");
    assert_eq!(event.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn word_of_an_operator_is_about_earlier_calls_only() {
    let event = Event::answered(vec![Answer::None, Answer::None]);
    event.deliver(None).await;
    event.clock.leap(BACKOFF.try_into().unwrap());
    let word = Some(event.clock.now());
    for _ in 0..3 {
        assert_eq!(event.deliver(word).await, "in_doubt");
        event.clock.leap(BACKOFF.try_into().unwrap());
    }
    assert_eq!(event.calls().len(), 2, "the second call is in doubt, too");
    assert_eq!(event.deliver(Some(event.clock.now())).await, "delivered");
}

#[tokio::test(start_paused = true)]
async fn call_that_surely_did_not_go_out_after_the_word_is_made_again() {
    let event = Event::answered(vec![Answer::None, Answer::Unavailable]);
    event.deliver(None).await;
    event.clock.leap(BACKOFF.try_into().unwrap());
    let word = Some(event.clock.now());
    assert_eq!(event.deliver(word).await, "try_later");
    assert_eq!(event.deliver(word).await, "delivered");
}

#[tokio::test(start_paused = true)]
async fn word_that_is_about_as_old_as_the_call_is_not_about_it() {
    for (seconds, outcome) in
        [(-3600, "in_doubt"), (0, "in_doubt"), (59, "in_doubt"), (60, "delivered")]
    {
        let event = Event::answered(vec![Answer::None]);
        event.deliver(None).await;
        event.clock.leap(BACKOFF.try_into().unwrap());
        let word = START + time::Duration::seconds(seconds);
        assert_eq!(event.deliver(Some(word)).await, outcome, "{seconds}");
    }
}

/// What happens to the event next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Its message is received.
    Receive,
    /// Time passes.
    Wait(u16),
    /// An operator looks at the vendor and says that nothing arrived. The messages say so from now on.
    Word,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Receive),
        3 => prop_oneof![0_u16..90, 0_u16..4000].prop_map(Step::Wait),
        2 => Just(Step::Word),
    ]
}

proptest! {
    #[test]
    fn no_call_follows_one_in_doubt_without_a_word_in_between(
        steps in prop::collection::vec(step(), 0..40),
        answers in prop::collection::vec(
            prop::sample::select(vec![Answer::None, Answer::Unavailable]), 0..8),
    ) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let event = Event::answered(answers);
        let mut words = Vec::new();
        for step in steps {
            match step {
                Step::Receive => _ = runtime.block_on(event.deliver(words.last().copied())),
                Step::Wait(seconds) => event.clock.leap(time::Duration::seconds(seconds.into())),
                Step::Word => words.push(event.clock.now()),
            }
        }
        let calls = event.calls();
        for pair in calls.windows(2) {
            let [(before, answer), (after, _)] = pair else { continue };
            let is_known = words.iter().any(|word| before < word && word <= after);
            prop_assert!(*answer == Answer::Unavailable || is_known, "{calls:?} {words:?}");
        }
    }
}
