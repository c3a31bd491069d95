//! The client to one vendor: its key, its calls, and how often they are repeated.

use std::{sync::Arc, time::Duration};

use secrecy::SecretString;
use tokio::time::{Instant, sleep};

use super::{
    Api, DeliveryReport, Found, Idempotency, InDoubt, Search, WhenInDoubt, in_doubt::InDoubtFor,
    refresh_once::RefreshOnce,
};
use crate::{
    budget::Budget,
    idempotency::Lease,
    key::IdempotencyKey,
    outcome::{Outcome, Wait},
    secrets::ApiKey,
};

/// The wait before another call inline is drawn from zero up to this, doubled each time:
/// long enough for a vendor's hiccup to pass, short enough for somebody who is signing up.
const INLINE_WAIT: Duration = Duration::from_millis(250);

const TOO_LATE: &str = "too little time was left to call";

/// A vendor and the key to it.
pub struct VendorClient<A> {
    /// The vendor.
    pub vendor: A,
    /// The vendor's key.
    pub key: Arc<ApiKey>,
    /// How long one call may take at most.
    pub timeout: Duration,
}

/// A lease, with the store that it is of.
struct Leased<'a> {
    idempotency: &'a Idempotency,
    lease: Lease,
}

impl<A: Api> VendorClient<A> {
    /// Acquires the lease of the key where it is given one, makes the call, and records what came of
    /// it.
    pub async fn deliver(
        &self,
        call: &A::Call,
        once: Option<(&Idempotency, &IdempotencyKey)>,
        budget: &Budget,
    ) -> DeliveryReport {
        let Some((idempotency, key)) = once else {
            return self.call_while_leased(&|| true, call, budget).await;
        };
        let recipient = self.recipient_digest(call);
        let mut leased = match idempotency.acquire(key, recipient.as_deref(), budget).await {
            Ok(lease) => Leased { idempotency, lease },
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

    /// What became of an earlier call; `None` where there was none, or it was surely never sent,
    /// or the vendor notices a second one by itself.
    async fn find_out(
        &self,
        call: &A::Call,
        leased: &mut Leased<'_>,
        budget: &Budget,
    ) -> Option<DeliveryReport> {
        let since = leased.lease.in_doubt_since?;
        let WhenInDoubt::Search(search) = self.vendor.when_in_doubt(call) else { return None };
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
            Found::Nothing => doubt.outcome("an earlier call may have gone out, no trace yet"),
            Found::Done(outcome) | Found::Failed(outcome @ Outcome::Blocked(_)) => outcome,
            Found::Failed(failure) => doubt.search_failed(&failure),
        };
        Some(DeliveryReport { vendor_status: status, ..outcome.into() })
    }

    /// Asks once, or twice where the key turns out to be an old one; with the answer's status.
    async fn search(
        &self,
        search: &dyn Search<A::Call>,
        call: &A::Call,
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

    /// Makes the call, and again where it may be, each time only while `is_held`: whoever has lost
    /// its lease makes none.
    pub async fn call_while_leased(
        &self,
        is_held: &(dyn Fn() -> bool + Sync),
        call: &A::Call,
        budget: &Budget,
    ) -> DeliveryReport {
        let mut refresh_once = match RefreshOnce::open(&self.key).await {
            Ok(refresh_once) => refresh_once,
            Err(outcome) => return outcome.into(),
        };
        let mut report = DeliveryReport::from(Outcome::try_later(TOO_LATE));
        let mut repeats = 0;
        loop {
            let Some(timeout) = budget.for_call(self.timeout) else { return report };
            if !is_held() {
                report.outcome = Outcome::try_later("the claim ran out before the call");
                return report;
            }
            self.call_once(call, refresh_once.key(), timeout, &mut report).await;
            if refresh_once.is_outdated(&report.outcome) {
                if let Err(outcome) = refresh_once.renew().await {
                    report.outcome = outcome;
                    return report;
                }
                continue;
            }
            let pause = pause(&report.outcome, repeats, self.may_repeat(call));
            let pause = pause.filter(|pause| *pause < budget.left());
            let Some(pause) = pause.filter(|_| repeats + 1 < budget.max_calls.0) else {
                return report;
            };
            repeats += 1;
            sleep(pause).await;
        }
    }

    /// Whom the call is for, where somebody may have to search for it.
    fn recipient_digest(&self, call: &A::Call) -> Option<String> {
        match self.vendor.when_in_doubt(call) {
            WhenInDoubt::Search(search) => Some(search.recipient_digest(call)),
            WhenInDoubt::Repeat | WhenInDoubt::StartOver => None,
        }
    }

    /// Whether a call of which nobody knows what came may simply be made again.
    fn may_repeat(&self, call: &A::Call) -> bool {
        matches!(self.vendor.when_in_doubt(call), WhenInDoubt::Repeat)
    }

    async fn call_once(
        &self,
        call: &A::Call,
        key: &SecretString,
        timeout: Duration,
        report: &mut DeliveryReport,
    ) {
        let began = Instant::now();
        let answer = self.vendor.call(call, key, timeout).await;
        report.calls += 1;
        report.vendor_latency += began.elapsed();
        report.vendor_status = answer.as_ref().ok().map(|answer| answer.status);
        let outcome = match answer {
            Ok(answer) => self.vendor.classify(call, &answer),
            Err(error) => Outcome::of_http_error(&error),
        };
        report.was_in_doubt |= matches!(outcome, Outcome::InDoubt { .. });
        report.outcome = match (outcome, self.vendor.when_in_doubt(call)) {
            (Outcome::InDoubt { cause, .. }, WhenInDoubt::Search(_)) => {
                InDoubtFor::fresh().outcome(cause)
            }
            (outcome, _) => outcome,
        };
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

#[cfg(test)]
mod tests;
