//! The client to one vendor: its key, its calls, and how often they are repeated.

use std::{sync::Arc, time::Duration};

use secrecy::SecretString;
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{
    Api, DeliveryReport, Effort, Found, Idempotency, InDoubt, MAX_BACKOFF, Search, Vendor,
    WhenInDoubt,
    in_doubt::{InDoubtFor, is_covered},
};
use crate::{
    budget::Budget,
    http::Response,
    idempotency::Lease,
    key::IdempotencyKey,
    outcome::{Blocked, Outcome, Wait},
    secrets::{ApiKey, KeyProblem},
};

/// The wait before another call inline is drawn from zero up to this, doubled each time:
/// long enough for a vendor's hiccup to pass, short enough for somebody who is signing up.
const INLINE_WAIT: Duration = Duration::from_millis(250);

const TOO_LATE: &str = "not enough time left to call";

/// A vendor and the key to it.
pub struct VendorClient<A> {
    /// The vendor.
    pub vendor: A,
    /// The vendor's key.
    pub key: Arc<ApiKey>,
    /// How long one call may take at most.
    pub timeout: Duration,
}

/// Work that is done once.
pub struct Once<'a> {
    /// Where its record is.
    pub idempotency: &'a Idempotency,
    /// Its key.
    pub key: &'a IdempotencyKey,
    /// The identity that it is about, if the event names one.
    pub person: Option<Uuid>,
    /// Until when an operator knows that no call for it went out.
    pub not_sent_before: Option<OffsetDateTime>,
}

/// A lease, with the store that granted it.
struct Leased<'a> {
    idempotency: &'a Idempotency,
    lease: Lease,
    not_sent_before: Option<OffsetDateTime>,
}

impl<A: Api> VendorClient<A> {
    /// Reads something, and again where the call may be repeated. `read` takes the answer.
    ///
    /// # Errors
    /// The report of calls that gave no answer that could be read.
    pub async fn read<T>(
        &self,
        call: &A::Call,
        read: impl Fn(&Response) -> Result<T, Outcome> + Send + Sync,
        budget: &Budget,
    ) -> Result<T, DeliveryReport> {
        let mut effort = Effort::default();
        let answer = self.call(&|| true, call, read, budget, &mut effort).await;
        answer.map_err(|outcome| DeliveryReport::of_calls(outcome, effort))
    }

    /// Makes the call, and again where it may be, each time only while `is_held`: whoever has lost
    /// its lease makes none. `read` takes the answer; `effort` is added to.
    ///
    /// # Errors
    /// The outcome of calls that gave no answer that could be read.
    pub async fn call<T>(
        &self,
        is_held: &(dyn Fn() -> bool + Sync),
        call: &A::Call,
        read: impl Fn(&Response) -> Result<T, Outcome> + Send + Sync,
        budget: &Budget,
        effort: &mut Effort,
    ) -> Result<T, Outcome> {
        let mut refresh_once = RefreshOnce::open(&self.key).await?;
        let mut last = Outcome::try_later(TOO_LATE);
        let mut repeats = 0;
        loop {
            let Some(timeout) = budget.for_call(self.timeout) else { return Err(last) };
            if !is_held() {
                return Err(Outcome::try_later("the lease expired before the call"));
            }
            let answer = self.call_once(call, refresh_once.key(), timeout, effort).await;
            last = match self.outcome_of(call, answer.and_then(|answer| read(&answer)), effort) {
                Ok(answer) => return Ok(answer),
                Err(outcome) => outcome,
            };
            if refresh_once.is_outdated(&last) {
                refresh_once.renew().await?;
                continue;
            }
            let pause = pause(&last, repeats, self.may_repeat(call));
            let pause = pause.filter(|pause| *pause < budget.left());
            let Some(pause) = pause.filter(|_| repeats + 1 < budget.max_calls.0) else {
                return Err(last);
            };
            repeats += 1;
            sleep(pause).await;
        }
    }

    async fn call_once(
        &self,
        call: &A::Call,
        key: &SecretString,
        timeout: Duration,
        effort: &mut Effort,
    ) -> Result<Response, Outcome> {
        let began = Instant::now();
        let answer = self.vendor.call(call, key, timeout).await;
        effort.calls += 1;
        effort.vendor_latency += began.elapsed();
        effort.vendor_status = answer.as_ref().ok().map(|answer| answer.status);
        answer.map_err(|error| Outcome::of_http_error(&error))
    }

    /// Notes a call of which nobody knows what came, and when to look for it.
    fn outcome_of<T>(
        &self,
        call: &A::Call,
        answer: Result<T, Outcome>,
        effort: &mut Effort,
    ) -> Result<T, Outcome> {
        effort.was_in_doubt |= matches!(answer, Err(Outcome::InDoubt { .. }));
        match (answer, self.vendor.when_in_doubt(call)) {
            (Err(Outcome::InDoubt { cause, .. }), WhenInDoubt::Search(_)) => {
                Err(InDoubtFor::fresh().outcome(cause))
            }
            (answer, _) => answer,
        }
    }

    /// Whether a call of which nobody knows what came may simply be made again.
    fn may_repeat(&self, call: &A::Call) -> bool {
        matches!(self.vendor.when_in_doubt(call), WhenInDoubt::Repeat)
    }
}

impl<V: Vendor> VendorClient<V> {
    /// Acquires the lease of the work where it is to be done once, makes the call, and records the
    /// result of it.
    pub async fn deliver(
        &self,
        call: &V::Call,
        once: Option<Once<'_>>,
        budget: &Budget,
    ) -> DeliveryReport {
        let Some(Once { idempotency, key, person, not_sent_before }) = once else {
            return self.call_while_leased(&|| true, call, budget).await;
        };
        let recipient = self.recipient_digest(call);
        let acquired = idempotency.acquire_for(person, key, recipient.as_deref(), budget).await;
        let mut leased = match acquired {
            Ok(lease) => Leased { idempotency, lease, not_sent_before },
            Err(outcome) => return outcome.into(),
        };
        let found = self.find_out(call, &mut leased, budget).await;
        let is_held = || idempotency.is_live(&leased.lease.request);
        let report = match found {
            Some(found) => found,
            None => self.call_while_leased(&is_held, call, budget).await,
        };
        let may_repeat = self.may_repeat(call);
        idempotency.record(&leased.lease, &report.outcome, may_repeat).await;
        report
    }

    /// The result of an earlier call; `None` where there was none, or it was surely never sent,
    /// or the vendor notices a second one by itself.
    async fn find_out(
        &self,
        call: &V::Call,
        leased: &mut Leased<'_>,
        budget: &Budget,
    ) -> Option<DeliveryReport> {
        let since = leased.lease.in_doubt_since?;
        let search = match self.vendor.when_in_doubt(call) {
            WhenInDoubt::Search(search) => search,
            WhenInDoubt::Hold => return leased.hold(since).await.map(DeliveryReport::from),
            WhenInDoubt::Repeat | WhenInDoubt::StartOver => return None,
        };
        let doubt = InDoubtFor::since(since, leased.idempotency.now());
        if !doubt.can_be_searched() {
            return Some(doubt.outcome("an earlier call may have gone out").into());
        }
        let recipient = search.recipient_digest(call);
        let same_recipient = leased.lease.recipient.as_ref() == Some(&recipient);
        let in_doubt = InDoubt { since, same_recipient };
        let (status, found) = self.search(search, call, in_doubt, budget).await;
        let outcome = match found {
            Found::Nothing if doubt.is_settled_by_silence() => {
                leased.idempotency.renew(&mut leased.lease, Some(&recipient)).await.err()?
            }
            Found::Nothing => doubt.outcome("an earlier call may have gone out; not found yet"),
            Found::Done(outcome) | Found::Failed(outcome @ Outcome::Blocked(_)) => outcome,
            Found::Failed(failure) => doubt.search_failed(&failure),
        };
        let effort = Effort { vendor_status: status, ..Effort::default() };
        Some(DeliveryReport::of_calls(outcome, effort))
    }

    /// Asks once, or twice where the key turns out to be an old one; with the answer's status.
    async fn search(
        &self,
        search: &dyn Search<V::Call>,
        call: &V::Call,
        in_doubt: InDoubt,
        budget: &Budget,
    ) -> (Option<u16>, Found) {
        let mut refresh_once = match RefreshOnce::open(&self.key).await {
            Ok(refresh_once) => refresh_once,
            Err(outcome) => return (None, Found::Failed(outcome)),
        };
        loop {
            let Some(timeout) = budget.for_call(self.timeout) else {
                return (None, Found::Failed(Outcome::try_later(TOO_LATE)));
            };
            let (status, found) =
                match search.search(call, in_doubt, refresh_once.key(), timeout).await {
                    Ok(answer) => (Some(answer.status), search.read(call, &answer)),
                    Err(error) => (None, Found::Failed(Outcome::of_http_error(&error))),
                };
            match &found {
                Found::Failed(outcome) if refresh_once.is_outdated(outcome) => {
                    if let Err(outcome) = refresh_once.renew().await {
                        return (status, Found::Failed(outcome));
                    }
                }
                _ => return (status, found),
            }
        }
    }

    /// Makes a vendor's call, each time only while `is_held`.
    pub async fn call_while_leased(
        &self,
        is_held: &(dyn Fn() -> bool + Sync),
        call: &V::Call,
        budget: &Budget,
    ) -> DeliveryReport {
        let read = |answer: &Response| match self.vendor.classify(call, answer) {
            delivered @ Outcome::Delivered { .. } => Ok(delivered),
            outcome => Err(outcome),
        };
        let mut effort = Effort::default();
        let (Ok(outcome) | Err(outcome)) =
            self.call(is_held, call, read, budget, &mut effort).await;
        DeliveryReport::of_calls(outcome, effort)
    }

    /// Whom the call is for, where somebody may have to search for it.
    fn recipient_digest(&self, call: &V::Call) -> Option<String> {
        match self.vendor.when_in_doubt(call) {
            WhenInDoubt::Search(search) => Some(search.recipient_digest(call)),
            WhenInDoubt::Repeat | WhenInDoubt::StartOver | WhenInDoubt::Hold => None,
        }
    }
}

impl Leased<'_> {
    /// Holds the event whose call has been in doubt since then; `None` if an operator found out that it
    /// did not go out. That is said of this call only: if the next one is in doubt, it is held again.
    async fn hold(&mut self, since: OffsetDateTime) -> Option<Outcome> {
        match self.not_sent_before {
            Some(before) if is_covered(since, before) => {
                self.idempotency.renew(&mut self.lease, None).await.err()
            }
            _ => Some(held()),
        }
    }
}

/// An earlier call may have gone out, and nobody can find out but a person.
fn held() -> Outcome {
    Outcome::InDoubt {
        wait: Wait::Until(MAX_BACKOFF),
        cause: "an earlier call may have gone out, and is not repeated: look at the vendor"
            .to_owned(),
    }
}

/// How long to wait before the call is made again; `None` where it must not be.
fn pause(outcome: &Outcome, repeats: u32, may_repeat: bool) -> Option<Duration> {
    match outcome {
        Outcome::TryLater { wait: Wait::AtLeast(asked), .. } => {
            Some((*asked).max(jittered(repeats)))
        }
        Outcome::TryLater { wait: Wait::Growing, .. } => Some(jittered(repeats)),
        Outcome::InDoubt { .. } if may_repeat => Some(jittered(repeats)),
        _ => None,
    }
}

/// Full jitter: callers that were turned away together do not come back together.
fn jittered(repeats: u32) -> Duration {
    (INLINE_WAIT * 2_u32.pow(repeats)).mul_f64(fastrand::f64())
}

/// A key, and where a fresh one comes from.
struct RefreshOnce<'a> {
    source: &'a ApiKey,
    key: SecretString,
    is_fresh: bool,
}

impl<'a> RefreshOnce<'a> {
    /// The key that is at hand.
    ///
    /// # Errors
    /// The outcome of an event for which there is no key.
    async fn open(source: &'a ApiKey) -> Result<Self, Outcome> {
        let key = source.get().await.map_err(|problem| outcome(&problem))?;
        Ok(Self { source, key, is_fresh: false })
    }

    /// The key to call with.
    fn key(&self) -> &SecretString {
        &self.key
    }

    /// Whether the vendor has refused a key that may be an old one.
    fn is_outdated(&self, outcome: &Outcome) -> bool {
        !self.is_fresh && matches!(outcome, Outcome::Blocked(Blocked::BadKey))
    }

    /// Fetches the key afresh: it may have been rotated.
    ///
    /// # Errors
    /// The outcome of an event for which there is no fresh key.
    async fn renew(&mut self) -> Result<(), Outcome> {
        self.key = self.source.fresh().await.map_err(|problem| outcome(&problem))?;
        self.is_fresh = true;
        Ok(())
    }
}

fn outcome(problem: &KeyProblem) -> Outcome {
    match problem {
        KeyProblem::Unreachable(_) => Outcome::try_later(problem.to_string()),
        other => Outcome::blocked(other.to_string()),
    }
}

#[cfg(test)]
mod tests;
