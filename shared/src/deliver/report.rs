//! The report of a delivery: its outcome and what it took.

use std::time::Duration;

use crate::{
    outcome::Outcome,
    telemetry::{LogEntry, Metric},
};

/// The report of a delivery: its outcome, and what it took.
#[derive(Clone, Debug)]
pub struct DeliveryReport {
    /// The outcome.
    pub outcome: Outcome,
    /// What the vendor's calls took.
    pub effort: Effort,
    /// The id of the identity that was found for it.
    pub identity_id: Option<String>,
    /// What is counted besides the outcome.
    pub counts: Vec<Metric>,
}

/// What calls to a vendor took.
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

    /// Puts it into a log line, with its metrics.
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
    /// Whether the vendor may have taken the call although it did not say so: no answer came to one
    /// of the calls, or a server's error to the last.
    pub fn may_have_been_taken(&self) -> bool {
        self.was_in_doubt || self.vendor_status.is_some_and(|status| status >= 500)
    }

    /// This and what the next calls took, of which the last answer counts.
    #[must_use]
    pub fn then(&self, next: Self) -> Self {
        let calls = self.calls + next.calls;
        let vendor_latency = self.vendor_latency + next.vendor_latency;
        Self { calls, vendor_latency, ..next }
    }
}
