//! The report of a delivery: its outcome and its calls.

use std::time::Duration;

use crate::{
    outcome::Outcome,
    telemetry::{LogEntry, Metric},
};

/// The report of a delivery: its outcome and its calls.
#[derive(Clone, Debug)]
pub struct DeliveryReport {
    /// The outcome.
    pub outcome: Outcome,
    /// Facts about the vendor's calls.
    pub effort: Effort,
    /// The id of the identity that was found for it.
    pub identity_id: Option<String>,
    /// What is counted besides the outcome.
    pub counts: Vec<Metric>,
}

/// Facts about calls to a vendor.
#[derive(Clone, Debug, Default)]
pub struct Effort {
    /// How many calls were made.
    pub calls: u32,
    /// Whether any of them was maybe written, and got no answer.
    pub was_in_doubt: bool,
    /// The status of the vendor's last answer.
    pub vendor_status: Option<u16>,
    /// How long the vendor took, over all calls.
    pub vendor_latency: Duration,
}

impl From<Outcome> for DeliveryReport {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, effort: Effort::default(), identity_id: None, counts: Vec::new() }
    }
}

impl DeliveryReport {
    /// The report of calls that ended in this outcome.
    pub fn of_calls(outcome: Outcome, effort: Effort) -> Self {
        Self { effort, ..outcome.into() }
    }

    /// Adds it to a log entry, with its metrics.
    pub fn describe(&self, entry: &mut LogEntry) {
        self.outcome.describe(entry);
        if self.identity_id.is_some() {
            entry.identity_id.clone_from(&self.identity_id);
        }
        self.counts.iter().for_each(|metric| entry.count(*metric));
        entry.vendor_status = self.effort.vendor_status;
        if self.effort.calls > 0 {
            entry.calls = Some(self.effort.calls);
            entry.measure(Metric::VendorLatency, self.effort.vendor_latency);
        }
    }
}

impl Effort {
    /// Whether the vendor may have accepted the call without saying so: one of the calls got no
    /// answer, or the last a server error.
    pub fn may_have_been_taken(&self) -> bool {
        self.was_in_doubt || self.vendor_status.is_some_and(|status| status >= 500)
    }

    /// The sum of this and the next calls; the last answer counts.
    #[must_use]
    pub fn then(&self, next: Self) -> Self {
        let calls = self.calls + next.calls;
        let vendor_latency = self.vendor_latency + next.vendor_latency;
        Self { calls, vendor_latency, ..next }
    }
}
