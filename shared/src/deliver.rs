//! Deliver: render, claim, call, classify, record.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};
use uuid::Builder;

use crate::{
    budget::Budget,
    clock::SharedClock,
    ctx::Reduced,
    http,
    key::{FunctionArn, WorkKey},
    message::Message,
    outcome::{Blocked, Outcome},
    records::{Bid, Claim, Done, Held, Records, State},
    secrets::{KeyProblem, VendorKey},
    template::{Fault, RenderError, Template},
};

/// The wait before another attempt in line is drawn from zero up to this, doubled each time:
/// long enough for a vendor's hiccup to pass, short enough for somebody who is signing up.
const IN_LINE_WAIT: Duration = Duration::from_millis(250);

/// A template's result in which no key of its own is named any more.
pub type Rendered = Map<String, Value>;

/// What a vendor's adapter has to know; all else is common.
#[async_trait]
pub trait Vendor: Send + Sync {
    /// A checked call, without the vendor's key.
    type Call: Send + Sync;

    /// Makes the vendor's request of what the template gave.
    ///
    /// # Errors
    /// The rule that the template's result breaks.
    fn prepare(
        &self,
        rendered: Rendered,
        event: &EventFacts<'_>,
    ) -> Result<Self::Call, &'static str>;

    /// Makes the call, once.
    async fn call(
        &self,
        call: &Self::Call,
        key: &SecretString,
        timeout: Duration,
    ) -> Result<http::Response, http::Error>;

    /// What the vendor's answer means.
    fn classify(&self, answer: &http::Response) -> Outcome;
}

/// What a vendor may need to know of the event besides the template's result.
pub struct EventFacts<'a> {
    /// The work's key as this vendor sees it.
    pub vendor_key: &'a str,
    /// When the event was accepted.
    pub received_at: OffsetDateTime,
}

/// How often a call may be repeated within one delivery.
#[derive(Clone, Copy, Debug)]
pub struct Attempts(pub u32);

impl Attempts {
    /// In line: the first, and two more.
    pub const IN_LINE: Self = Self(3);
    /// One, and no more.
    pub const ONE: Self = Self(1);
}

/// What a delivery came to, and what it took.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// The outcome.
    pub outcome: Outcome,
    /// How many calls were made.
    pub attempts: u32,
    /// The status of the vendor's last answer.
    pub vendor_status: Option<u16>,
    /// How long the vendor took, over all calls.
    pub vendor_latency: Duration,
}

impl From<Outcome> for Delivered {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, attempts: 0, vendor_status: None, vendor_latency: Duration::ZERO }
    }
}

/// Delivers one function's events to its vendor.
pub struct Delivery<V> {
    /// The function's name, the scope of its records.
    pub function: &'static str,
    /// What the vendor is to be told.
    pub template: Template,
    /// The vendor.
    pub vendor: V,
    /// The vendor's key.
    pub key: VendorKey,
    /// Where repeated work is noticed; `None` where the vendor itself does.
    pub records: Option<RecordKeeping>,
    /// The wall clock.
    pub clock: SharedClock,
    /// How long one call may take at most.
    pub vendor_timeout: Duration,
}

/// The records of a function, and how long it keeps them.
pub struct RecordKeeping {
    /// The store.
    pub records: Arc<dyn Records>,
    /// How long a record lives.
    pub ttl: Duration,
}

struct Work<C> {
    call: C,
    key: WorkKey,
}

impl<V: Vendor> Delivery<V> {
    /// Delivers one event, within the budget.
    pub async fn deliver(
        &self,
        message: &Message<Reduced>,
        arn: &FunctionArn,
        budget: &Budget,
        attempts: Attempts,
    ) -> Delivered {
        let work = match self.render(message, arn).await {
            Ok(work) => work,
            Err(outcome) => return outcome.into(),
        };
        let key = match self.key.get().await {
            Ok(key) => key,
            Err(problem) => return key_outcome(&problem).into(),
        };
        let claim = match self.claim(&work.key, budget).await {
            Ok(claim) => claim,
            Err(outcome) => return outcome.into(),
        };
        let delivered = self.call(&work.call, key, claim.as_ref(), budget, attempts).await;
        self.record(claim, &delivered.outcome).await;
        delivered
    }

    async fn render(
        &self,
        message: &Message<Reduced>,
        arn: &FunctionArn,
    ) -> Result<Work<V::Call>, Outcome> {
        let ctx = message.event.as_value().clone();
        let rendered = self.template.render(vec![("ctx", ctx)]).await.map_err(unrendered)?;
        let broken = |rule| Outcome::TemplateFault(Fault::new(self.template.name(), rule));
        let Value::Object(mut rendered) = rendered else {
            return Err(broken("the result is no object"));
        };
        let named = match rendered.remove("idempotency_key") {
            None => None,
            Some(Value::String(name)) if !name.is_empty() => Some(name),
            Some(_) => return Err(broken("`idempotency_key` is no text")),
        };
        let key = WorkKey::new(&message.key, named.as_deref());
        let vendor_key = key.for_vendor(arn);
        let facts = EventFacts { vendor_key: &vendor_key, received_at: message.received_at };
        let call = self.vendor.prepare(rendered, &facts).map_err(broken)?;
        Ok(Work { call, key })
    }

    /// Claims the work; `None` where the function keeps no records.
    async fn claim(&self, key: &WorkKey, budget: &Budget) -> Result<Option<Held>, Outcome> {
        let Some(keeping) = &self.records else {
            return Ok(None);
        };
        let bid = Bid {
            record_id: key.record_id(self.function),
            holder: random_name(),
            now: self.clock.now(),
            lease_until: budget.lease_until(),
            ttl: (!key.is_named()).then_some(keeping.ttl),
        };
        match keeping.records.claim(bid).await {
            Ok(Claim::Won(held)) if held.unsure_since.is_some() => {
                self.release(&held).await;
                Err(Outcome::unknown("an earlier call may have gone out"))
            }
            Ok(Claim::Won(held)) => Ok(Some(held)),
            Ok(Claim::Busy { .. }) => Err(Outcome::try_later("another delivery is at work on it")),
            Ok(Claim::Done(_)) => Err(Outcome::Duplicate),
            Err(error) => Err(Outcome::try_later(error.to_string())),
        }
    }

    async fn call(
        &self,
        call: &V::Call,
        mut key: SecretString,
        claim: Option<&Held>,
        budget: &Budget,
        attempts: Attempts,
    ) -> Delivered {
        let mut delivered = Delivered::from(Outcome::try_later("too little time was left to call"));
        let mut key_is_fresh = false;
        let mut repeats = 0;
        loop {
            let Some(timeout) = budget.for_call(self.vendor_timeout) else {
                return delivered;
            };
            if claim.is_some_and(|held| !held.is_live(self.clock.now())) {
                delivered.outcome = Outcome::try_later("the claim ran out before the call");
                return delivered;
            }
            self.attempt(call, &key, timeout, &mut delivered).await;
            match &delivered.outcome {
                Outcome::Blocked(Blocked::BadKey) if !key_is_fresh => {
                    key_is_fresh = true;
                    match self.key.fresh().await {
                        Ok(fresh) => key = fresh,
                        Err(problem) => {
                            delivered.outcome = key_outcome(&problem);
                            return delivered;
                        }
                    }
                }
                Outcome::TryLater { wait, .. } if repeats + 1 < attempts.0 => {
                    let pause = wait.unwrap_or_else(|| jittered(repeats));
                    if pause >= budget.left() {
                        return delivered;
                    }
                    repeats += 1;
                    sleep(pause).await;
                }
                _ => return delivered,
            }
        }
    }

    async fn attempt(
        &self,
        call: &V::Call,
        key: &SecretString,
        timeout: Duration,
        delivered: &mut Delivered,
    ) {
        let began = Instant::now();
        let answer = self.vendor.call(call, key, timeout).await;
        delivered.attempts += 1;
        delivered.vendor_latency += began.elapsed();
        delivered.vendor_status = answer.as_ref().ok().map(|answer| answer.status);
        delivered.outcome = match answer {
            Ok(answer) => self.vendor.classify(&answer),
            Err(error) => Outcome::of_http_error(&error),
        };
    }

    /// Writes down what became of the claim. Where that fails the event is as it is all the
    /// same: the record stays unsure, and nobody sends again without finding out.
    async fn record(&self, claim: Option<Held>, outcome: &Outcome) {
        let (Some(held), Some(keeping)) = (claim, &self.records) else {
            return;
        };
        let done = |state, vendor: Option<&Value>| {
            let vendor_id = vendor.and_then(|vendor| vendor["message_id"].as_str());
            Done { state, vendor_id: vendor_id.map(str::to_owned) }
        };
        let done = match outcome {
            Outcome::Delivered { vendor, .. } => done(State::Delivered, Some(vendor)),
            Outcome::Rejected { .. } => done(State::Rejected, None),
            Outcome::TryLater { .. } | Outcome::Blocked(_) => return self.release(&held).await,
            // The lease runs out by itself and the mark stays: whoever comes next finds out.
            _ => return,
        };
        if let Err(error) = keeping.records.complete(&held, done).await {
            warn("the end of a delivery could not be recorded", &error);
        }
    }

    async fn release(&self, held: &Held) {
        let Some(keeping) = &self.records else { return };
        if let Err(error) = keeping.records.release(held).await {
            warn("a claim could not be given back", &error);
        }
    }
}

fn warn(what: &str, error: &(dyn std::error::Error + 'static)) {
    tracing::warn!(error, "{what}");
}

fn unrendered(error: RenderError) -> Outcome {
    match error {
        RenderError::Cancelled => Outcome::Skipped { reason: "cancelled" },
        RenderError::Fault(fault) => Outcome::TemplateFault(fault),
    }
}

fn key_outcome(problem: &KeyProblem) -> Outcome {
    match problem {
        KeyProblem::Unreachable(_) => Outcome::try_later(problem.to_string()),
        other => Outcome::blocked(other.to_string()),
    }
}

/// Full jitter: callers that were turned away together do not come back together.
fn jittered(repeats: u32) -> Duration {
    (IN_LINE_WAIT * 2_u32.pow(repeats)).mul_f64(fastrand::f64())
}

fn random_name() -> String {
    Builder::from_random_bytes(fastrand::u128(..).to_be_bytes()).into_uuid().to_string()
}
