//! Calls, over any answers and any time that is left.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use serde_json::json;
use time::macros::datetime;
use tokio::runtime::Builder;

use super::{
    super::{EventFacts, InvalidOutput, Rendered},
    *,
};
use crate::{
    budget::MaxCalls,
    clock::VirtualClock,
    http::Error,
    outcome::Blocked,
    secrets::{Cached, MemorySecrets, Product, Ttl},
};

/// With less than this left, no call begins.
const LEAST: Duration = Duration::from_secs(1);

/// A vendor's answer to one call, and its delay.
#[derive(Clone, Debug)]
struct Said {
    status: u16,
    wait: Option<u64>,
    after: Duration,
}

/// A connection that is never made.
const REFUSED: u16 = 0;
/// A connection that breaks.
const BROKEN: u16 = 1;

/// One call that was made.
#[derive(Clone, Debug)]
struct Made {
    began: Instant,
    ended: Instant,
    timeout: Duration,
    outcome: Outcome,
}

/// A vendor that gives the prepared answers, and then success.
struct Scripted {
    script: Mutex<VecDeque<Said>>,
    made: Mutex<Vec<Made>>,
    can_repeat: bool,
}

impl Scripted {
    fn outcome(answer: &Response) -> Outcome {
        match answer.status {
            200 => Outcome::delivered(json!({})),
            299 => Outcome::Rejected { reason: "never".to_owned() },
            401 => Outcome::Blocked(Blocked::BadKey),
            429 => Outcome::TryLater { wait: answer.retry_after().into(), cause: String::new() },
            504 => Outcome::in_doubt("gateway"),
            _ => Outcome::blocked("refused"),
        }
    }

    async fn answer(&self, said: &Said, timeout: Duration) -> Result<Response, Error> {
        sleep(said.after.min(timeout)).await;
        if said.after >= timeout || said.status == BROKEN {
            return Err(Error::MaybeWritten("broken".into()));
        }
        if said.status == REFUSED {
            return Err(Error::NotWritten("refused".into()));
        }
        let mut headers = HeaderMap::new();
        if let Some(wait) = said.wait {
            headers.insert("retry-after", HeaderValue::from(wait));
        }
        Ok(Response { status: said.status, headers, body: "{}".into() })
    }
}

#[async_trait]
impl Api for Scripted {
    type Call = ();

    async fn call(&self, (): &(), _: &SecretString, timeout: Duration) -> Result<Response, Error> {
        let began = Instant::now();
        let next = self.script.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let said = next.unwrap_or(Said { status: 200, wait: None, after: Duration::ZERO });
        let answer = self.answer(&said, timeout).await;
        let outcome = match &answer {
            Ok(answer) => Self::outcome(answer),
            Err(error) => Outcome::of_http_error(error),
        };
        let made = Made { began, ended: Instant::now(), timeout, outcome };
        self.made.lock().unwrap_or_else(PoisonError::into_inner).push(made);
        answer
    }

    fn when_in_doubt(&self, (): &()) -> WhenInDoubt<'_, ()> {
        if self.can_repeat { WhenInDoubt::Repeat } else { WhenInDoubt::StartOver }
    }
}

impl Vendor for Scripted {
    fn prepare(&self, _: Rendered, _: &EventFacts<'_>) -> Result<(), InvalidOutput> {
        Ok(())
    }

    fn classify(&self, (): &(), answer: &Response) -> Outcome {
        Self::outcome(answer)
    }
}

fn said() -> impl Strategy<Value = Said> {
    let status = prop::sample::select(vec![
        200, 299, 400, 401, 401, 429, 429, 429, 504, REFUSED, REFUSED, BROKEN, BROKEN,
    ]);
    let wait = prop::option::of(prop_oneof![0_u64..6, Just(3600), Just(u64::MAX)]);
    let after = prop_oneof![4 => 0_u64..400, 2 => 0_u64..5_000, 1 => 0_u64..40_000];
    (status, wait, after).prop_map(|(status, wait, after)| Said {
        status,
        wait,
        after: Duration::from_millis(after),
    })
}

fn client(script: Vec<Said>, can_repeat: bool, timeout: Duration) -> VendorClient<Scripted> {
    let store = Arc::new(MemorySecrets::default());
    store.put("s", "the-key-of-the-vendor");
    let clock = Arc::new(VirtualClock::starting_at(datetime!(2026-01-01 00:00 UTC)));
    let secret = Cached::current("s".to_owned(), store, clock, Ttl(Duration::from_mins(5)));
    let script = Mutex::new(script.into());
    VendorClient {
        vendor: Scripted { script, made: Mutex::default(), can_repeat },
        key: Arc::new(ApiKey::new(secret, "api_key", Product::Other("a key"))),
        timeout,
    }
}

/// Whether another call may follow this one: nothing happened, or it may be repeated.
fn may_follow(made: &Made, can_repeat: bool) -> bool {
    match &made.outcome {
        Outcome::TryLater { .. } | Outcome::Blocked(Blocked::BadKey) => true,
        Outcome::InDoubt { .. } => can_repeat,
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn retries_never_exceed_the_budget(
        script in prop::collection::vec(said(), 0..8),
        limit in 0_u64..24_000,
        timeout in 1_u64..20_000,
        in_line: bool,
        can_repeat: bool,
    ) {
        let max_calls = if in_line { MaxCalls::INLINE } else { MaxCalls::ONE };
        let (limit, timeout) = (Duration::from_millis(limit), Duration::from_millis(timeout));
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (delivered, made, left, began, took) = runtime.block_on(async {
            let client = client(script, can_repeat, timeout);
            let now = datetime!(2026-01-01 00:00 UTC);
            let mut budget = Budget::inline(limit, now, now + Duration::from_mins(1));
            budget.max_calls = max_calls;
            let (left, began) = (budget.left(), Instant::now());
            let delivered = client.deliver(&(), None, &budget).await;
            let made = client.vendor.made.into_inner().unwrap_or_else(PoisonError::into_inner);
            (delivered, made, left, began, began.elapsed())
        });
        // tokio's timer rounds up.
        let tick = Duration::from_millis(1);

        let bad_keys = made.iter().filter(|made| made.outcome == Outcome::Blocked(Blocked::BadKey));
        let with_a_fresh_key = u32::from(bad_keys.count() > 0);
        let calls = u32::try_from(made.len()).unwrap();
        prop_assert!(calls <= max_calls.0 + with_a_fresh_key, "{made:#?}");
        prop_assert_eq!(delivered.effort.calls, calls);
        prop_assert!(left <= limit);
        prop_assert!(took <= left + tick * (2 * calls + 1), "{took:?} of {left:?}");
        for one in &made {
            let had = left.saturating_sub(one.began - began);
            prop_assert!(had >= LEAST, "a call began with {had:?} left");
            prop_assert!(one.timeout <= had.min(timeout), "{one:?} with {had:?} left");
        }
        for pair in made.windows(2) {
            let [before, after] = pair else { continue };
            prop_assert!(may_follow(before, can_repeat), "{before:?} was followed by {after:?}");
            if let Outcome::TryLater { wait: Wait::AtLeast(asked), .. } = &before.outcome {
                prop_assert!(after.began - before.ended >= *asked, "{pair:?}");
            }
        }
        // The last answer counts.
        let last = made.last().map_or("try_later", |made| made.outcome.word());
        prop_assert_eq!(delivered.outcome.word(), last);
        if left >= LEAST {
            prop_assert!(!made.is_empty(), "there was time for one");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn transient_error_is_retried_up_to_three_calls_inline_and_one_from_the_queue() {
    let now = datetime!(2026-01-01 00:00 UTC);
    for (max_calls, calls) in [(MaxCalls::INLINE, 3), (MaxCalls::ONE, 1)] {
        let refused = Said { status: REFUSED, wait: None, after: Duration::ZERO };
        let client = client(vec![refused; 9], false, Duration::from_secs(15));
        let mut budget = Budget::inline(Duration::from_secs(10), now, now + Duration::from_mins(1));
        budget.max_calls = max_calls;
        let delivered = client.deliver(&(), None, &budget).await;
        assert_eq!((delivered.effort.calls, delivered.outcome.word()), (calls, "try_later"));
    }
}
