//! What a delivery came to.

use std::time::Duration;

use crate::{
    journal::{Line, Metric},
    outcome::Outcome,
};

/// How often a call may be made within one delivery.
#[derive(Clone, Copy, Debug)]
pub struct Attempts(pub u32);

impl Attempts {
    /// In line: the first, and two more.
    pub const IN_LINE: Self = Self(3);
    /// Once, where something else repeats it.
    pub const ONE: Self = Self(1);
}

/// What a delivery came to, and what it took.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// The outcome.
    pub outcome: Outcome,
    /// How many calls were made.
    pub attempts: u32,
    /// Whether any of them was maybe written, and got no answer.
    pub was_in_doubt: bool,
    /// The status of the vendor's last answer.
    pub vendor_status: Option<u16>,
    /// How long the vendor took, over all calls.
    pub vendor_latency: Duration,
    /// The id of the identity that was found for it.
    pub identity_id: Option<String>,
    /// What is counted besides the outcome.
    pub counts: Vec<Metric>,
}

impl From<Outcome> for Delivered {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            attempts: 0,
            was_in_doubt: false,
            vendor_status: None,
            vendor_latency: Duration::ZERO,
            identity_id: None,
            counts: Vec::new(),
        }
    }
}

impl Delivered {
    /// Whether the vendor may have taken the call although it did not say so: no answer came to one
    /// of the attempts, or a server's error to the last.
    pub fn may_have_been_taken(&self) -> bool {
        self.was_in_doubt || self.vendor_status.is_some_and(|status| status >= 500)
    }

    /// Puts it into a log line, with its metrics.
    pub fn describe(&self, line: &mut Line) {
        self.outcome.describe(line);
        if self.identity_id.is_some() {
            line.identity_id.clone_from(&self.identity_id);
        }
        self.counts.iter().for_each(|metric| line.count(*metric));
        line.vendor_status = self.vendor_status;
        if self.attempts > 0 {
            line.attempt = Some(self.attempts);
            line.measure(Metric::VendorLatency, self.vendor_latency);
        }
    }
}
