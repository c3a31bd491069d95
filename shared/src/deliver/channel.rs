//! The channel to one vendor: its key, its calls, and how often they are repeated.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::time::{Instant, sleep};

use super::{EventFacts, Ledger, Rendered, Unfit};
use crate::{
    budget::Budget,
    http,
    journal::{Line, Metric},
    key::WorkKey,
    outcome::{Blocked, Outcome},
    records::Held,
    secrets::{KeyProblem, VendorKey},
};

/// The wait before another attempt in line is drawn from zero up to this, doubled each time:
/// long enough for a vendor's hiccup to pass, short enough for somebody who is signing up.
const IN_LINE_WAIT: Duration = Duration::from_millis(250);

/// What a vendor's adapter has to know; all else is common.
#[async_trait]
pub trait Vendor: Send + Sync {
    /// A checked call, without the vendor's key.
    type Call: Send + Sync;

    /// Makes the vendor's request of what the template gave.
    fn prepare(&self, rendered: Rendered, event: &EventFacts<'_>) -> Result<Self::Call, Unfit>;

    /// Makes the call, once.
    async fn call(
        &self,
        call: &Self::Call,
        key: &SecretString,
        timeout: Duration,
    ) -> Result<http::Response, http::Error>;

    /// What the vendor's answer means.
    fn classify(&self, answer: &http::Response) -> Outcome;

    /// Whether the vendor itself notices a call made twice, so that one of which nobody knows
    /// what came is simply made again.
    fn notices_repeats(&self) -> bool;
}

/// How often a call may be made within one delivery.
#[derive(Clone, Copy, Debug)]
pub struct Attempts(pub u32);

impl Attempts {
    /// In line: the first, and two more.
    pub const IN_LINE: Self = Self(3);
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

impl Delivered {
    /// Puts it into a log line, with its metrics.
    pub fn describe(&self, line: &mut Line) {
        self.outcome.describe(line);
        line.vendor_status = self.vendor_status;
        if self.attempts > 0 {
            line.attempt = Some(self.attempts);
            line.measure(Metric::VendorLatency, self.vendor_latency);
        }
    }
}

/// A vendor and the key to it.
pub struct Channel<V> {
    /// The vendor.
    pub vendor: V,
    /// The vendor's key.
    pub key: Arc<VendorKey>,
    /// How long one call may take at most.
    pub timeout: Duration,
}

/// A claim, with the ledger it stands in.
type Claimed<'a> = Option<(&'a Ledger, Held)>;

impl<V: Vendor> Channel<V> {
    /// Claims the work where there is a ledger, makes the call, and writes down what came of it.
    pub async fn deliver(
        &self,
        call: &V::Call,
        key: &WorkKey,
        ledger: Option<&Ledger>,
        budget: &Budget,
        attempts: Attempts,
    ) -> Delivered {
        let claimed = match self.claim(key, ledger, budget).await {
            Ok(claimed) => claimed,
            Err(outcome) => return outcome.into(),
        };
        let delivered = match self.key.get().await {
            Ok(vendor_key) => self.call(call, vendor_key, &claimed, budget, attempts).await,
            Err(problem) => key_outcome(&problem).into(),
        };
        if let Some((ledger, held)) = &claimed {
            ledger.record(held, &delivered.outcome).await;
        }
        delivered
    }

    async fn claim<'a>(
        &self,
        key: &WorkKey,
        ledger: Option<&'a Ledger>,
        budget: &Budget,
    ) -> Result<Claimed<'a>, Outcome> {
        let Some(ledger) = ledger else { return Ok(None) };
        let held = ledger.claim(key, budget).await?;
        if held.unsure_since.is_some() && !self.vendor.notices_repeats() {
            ledger.release(&held).await;
            return Err(Outcome::unknown("an earlier call may have gone out"));
        }
        Ok(Some((ledger, held)))
    }

    async fn call(
        &self,
        call: &V::Call,
        mut vendor_key: SecretString,
        claimed: &Claimed<'_>,
        budget: &Budget,
        attempts: Attempts,
    ) -> Delivered {
        let mut delivered = Delivered::from(Outcome::try_later("too little time was left to call"));
        let mut key_is_fresh = false;
        let mut repeats = 0;
        loop {
            let Some(timeout) = budget.for_call(self.timeout) else { return delivered };
            if claimed.as_ref().is_some_and(|(ledger, held)| !ledger.is_live(held)) {
                delivered.outcome = Outcome::try_later("the claim ran out before the call");
                return delivered;
            }
            self.attempt(call, &vendor_key, timeout, &mut delivered).await;
            match &delivered.outcome {
                Outcome::Blocked(Blocked::BadKey) if !key_is_fresh => {
                    key_is_fresh = true;
                    match self.key.fresh().await {
                        Ok(fresh) => vendor_key = fresh,
                        Err(problem) => {
                            delivered.outcome = key_outcome(&problem);
                            return delivered;
                        }
                    }
                }
                outcome if repeats + 1 < attempts.0 => {
                    let Some(pause) = self.pause(outcome, repeats) else { return delivered };
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

    /// How long to wait before the call is made again; `None` where it must not be.
    fn pause(&self, outcome: &Outcome, repeats: u32) -> Option<Duration> {
        match outcome {
            Outcome::TryLater { wait, .. } => Some(wait.unwrap_or_else(|| jittered(repeats))),
            Outcome::Unknown { .. } if self.vendor.notices_repeats() => Some(jittered(repeats)),
            _ => None,
        }
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
