//! The channel to one vendor: its key, its calls, and how often they are repeated.

use std::{sync::Arc, time::Duration};

use secrecy::SecretString;
use tokio::time::{Instant, sleep};

use super::{
    Api, Attempts, Delivered, Found, InDoubt, Ledger, OnUnknown, Search, keyring::Keyring,
    unsure::Doubt,
};
use crate::{
    budget::Budget,
    key::WorkKey,
    outcome::{Outcome, Wait},
    records::Held,
    secrets::VendorKey,
};

/// The wait before another attempt in line is drawn from zero up to this, doubled each time:
/// long enough for a vendor's hiccup to pass, short enough for somebody who is signing up.
const IN_LINE_WAIT: Duration = Duration::from_millis(250);

const TOO_LATE: &str = "too little time was left to call";

/// A vendor and the key to it.
pub struct Channel<A> {
    /// The vendor.
    pub vendor: A,
    /// The vendor's key.
    pub key: Arc<VendorKey>,
    /// How long one call may take at most.
    pub timeout: Duration,
}

/// A claim, with the ledger it stands in.
struct Claimed<'a> {
    ledger: &'a Ledger,
    held: Held,
}

impl<A: Api> Channel<A> {
    /// Claims the work in the ledger where it is given one, makes the call, and writes down what
    /// came of it.
    pub async fn deliver(
        &self,
        call: &A::Call,
        claim: Option<(&Ledger, &WorkKey)>,
        budget: &Budget,
        attempts: Attempts,
    ) -> Delivered {
        let Some((ledger, key)) = claim else {
            return self.call_while(&|| true, call, budget, attempts).await;
        };
        let recipient = self.recipient_digest(call);
        let mut claimed = match ledger.claim(key, recipient.as_deref(), budget).await {
            Ok(held) => Claimed { ledger, held },
            Err(outcome) => return outcome.into(),
        };
        let found = self.find_out(call, &mut claimed, budget).await;
        let is_held = || ledger.is_live(&claimed.held.bid);
        let delivered = match found {
            Some(found) => found,
            None => self.call_while(&is_held, call, budget, attempts).await,
        };
        let may_repeat = self.may_repeat(call);
        ledger.record(&claimed.held, &delivered.outcome, may_repeat).await;
        delivered
    }

    /// What became of an earlier call; `None` where there was none, or it was surely never sent,
    /// or the vendor notices a second one by itself.
    async fn find_out(
        &self,
        call: &A::Call,
        claimed: &mut Claimed<'_>,
        budget: &Budget,
    ) -> Option<Delivered> {
        let since = claimed.held.unsure_since?;
        let OnUnknown::Search(search) = self.vendor.on_unknown(call) else { return None };
        let doubt = Doubt::since(since, claimed.ledger.now());
        if !doubt.can_be_searched() {
            return Some(doubt.unknown("an earlier call may have gone out").into());
        }
        let recipient = search.recipient_digest(call);
        let same_recipient = claimed.held.recipient.as_ref() == Some(&recipient);
        let in_doubt = InDoubt { since, same_recipient };
        let (status, found) = self.search(search, call, in_doubt, budget).await;
        let outcome = match found {
            Found::Nothing if doubt.is_settled_by_silence() => {
                claimed.ledger.renew(&mut claimed.held, Some(&recipient)).await.err()?
            }
            Found::Nothing => doubt.unknown("an earlier call may have gone out, no trace yet"),
            Found::Done(outcome) | Found::Failed(outcome @ Outcome::Blocked(_)) => outcome,
            Found::Failed(failure) => doubt.search_failed(&failure),
        };
        Some(Delivered { vendor_status: status, ..outcome.into() })
    }

    /// Asks once, or twice where the key turns out to be an old one; with the answer's status.
    async fn search(
        &self,
        search: &dyn Search<A::Call>,
        call: &A::Call,
        in_doubt: InDoubt,
        budget: &Budget,
    ) -> (Option<u16>, Found) {
        let mut keyring = match Keyring::open(&self.key).await {
            Ok(keyring) => keyring,
            Err(outcome) => return (None, Found::Failed(outcome)),
        };
        loop {
            let Some(timeout) = budget.for_call(self.timeout) else {
                return (None, Found::Failed(Outcome::try_later(TOO_LATE)));
            };
            let (status, found) = match search.search(call, in_doubt, keyring.key(), timeout).await
            {
                Ok(answer) => (Some(answer.status), search.read(call, &answer)),
                Err(error) => (None, Found::Failed(Outcome::of_http_error(&error))),
            };
            match &found {
                Found::Failed(outcome) if keyring.is_outdated(outcome) => {
                    if let Err(outcome) = keyring.renew().await {
                        return (status, Found::Failed(outcome));
                    }
                }
                _ => return (status, found),
            }
        }
    }

    /// Makes the call, and again where it may be, each time only while `is_held`: whoever has lost
    /// its claim makes none.
    pub async fn call_while(
        &self,
        is_held: &(dyn Fn() -> bool + Sync),
        call: &A::Call,
        budget: &Budget,
        attempts: Attempts,
    ) -> Delivered {
        let mut keyring = match Keyring::open(&self.key).await {
            Ok(keyring) => keyring,
            Err(outcome) => return outcome.into(),
        };
        let mut delivered = Delivered::from(Outcome::try_later(TOO_LATE));
        let mut repeats = 0;
        loop {
            let Some(timeout) = budget.for_call(self.timeout) else { return delivered };
            if !is_held() {
                delivered.outcome = Outcome::try_later("the claim ran out before the call");
                return delivered;
            }
            self.attempt(call, keyring.key(), timeout, &mut delivered).await;
            if keyring.is_outdated(&delivered.outcome) {
                if let Err(outcome) = keyring.renew().await {
                    delivered.outcome = outcome;
                    return delivered;
                }
                continue;
            }
            let pause = pause(&delivered.outcome, repeats, self.may_repeat(call));
            let pause = pause.filter(|pause| *pause < budget.left());
            let Some(pause) = pause.filter(|_| repeats + 1 < attempts.0) else { return delivered };
            repeats += 1;
            sleep(pause).await;
        }
    }

    /// Whom the call is for, where somebody may have to search for it.
    fn recipient_digest(&self, call: &A::Call) -> Option<String> {
        match self.vendor.on_unknown(call) {
            OnUnknown::Search(search) => Some(search.recipient_digest(call)),
            OnUnknown::Repeat | OnUnknown::StartOver => None,
        }
    }

    /// Whether a call of which nobody knows what came may simply be made again.
    fn may_repeat(&self, call: &A::Call) -> bool {
        matches!(self.vendor.on_unknown(call), OnUnknown::Repeat)
    }

    async fn attempt(
        &self,
        call: &A::Call,
        key: &SecretString,
        timeout: Duration,
        delivered: &mut Delivered,
    ) {
        let began = Instant::now();
        let answer = self.vendor.call(call, key, timeout).await;
        delivered.attempts += 1;
        delivered.vendor_latency += began.elapsed();
        delivered.vendor_status = answer.as_ref().ok().map(|answer| answer.status);
        let outcome = match answer {
            Ok(answer) => self.vendor.classify(call, &answer),
            Err(error) => Outcome::of_http_error(&error),
        };
        delivered.was_in_doubt |= matches!(outcome, Outcome::Unknown { .. });
        delivered.outcome = match (outcome, self.vendor.on_unknown(call)) {
            (Outcome::Unknown { cause, .. }, OnUnknown::Search(_)) => Doubt::fresh().unknown(cause),
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
        Outcome::Unknown { .. } if may_repeat => Some(jittered(repeats)),
        _ => None,
    }
}

/// Full jitter: callers that were turned away together do not come back together.
fn jittered(repeats: u32) -> Duration {
    (IN_LINE_WAIT * 2_u32.pow(repeats)).mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests;
