//! The outcome of an event. Pure functions turn vendors' answers into it, one table per vendor.

use std::{fmt, time::Duration};

use serde_json::{Value, json};

use crate::{
    http,
    key::EventId,
    telemetry::{LogEntry, Metric},
    template::TemplateFault,
};

/// The outcome of one event. The texts give causes to an operator; none holds personal data.
#[derive(Clone, PartialEq)]
pub enum Outcome {
    /// The vendor has it.
    Delivered {
        /// What the vendor said, without personal data.
        vendor: Value,
        /// Why the vendor may yet drop it, if it said so.
        at_risk: Option<String>,
    },
    /// It was done before.
    Duplicate,
    /// The vendor will never accept this one for this person. Done, and reported.
    Rejected {
        /// The vendor's reason.
        reason: String,
    },
    /// It is enqueued, and is delivered from the queue.
    Accepted,
    /// Deliberately not delivered.
    Skipped {
        /// Why.
        reason: &'static str,
    },
    /// The template has a fault.
    TemplateFault(TemplateFault),
    /// Nothing happened; a later attempt may succeed.
    TryLater {
        /// How long.
        wait: Wait,
        /// Why.
        cause: String,
    },
    /// Nothing happened, and nothing will until an operator acts.
    Blocked(Blocked),
    /// The request was maybe written, and its outcome is unknown.
    InDoubt {
        /// When to look again.
        wait: Wait,
        /// Why.
        cause: String,
    },
}

impl fmt::Debug for Outcome {
    /// The vendor's text is not shown: Ory, for one, returns a whole identity.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        self.cause().map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}

/// How long to wait before the next attempt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wait {
    /// Unspecified: longer after each attempt.
    Growing,
    /// At least as long as the vendor asks for.
    AtLeast(Duration),
    /// Until a known time: there is nothing to do before.
    Until(Duration),
}

impl From<Option<Duration>> for Wait {
    /// What the vendor asked for, if it did.
    fn from(asked: Option<Duration>) -> Self {
        asked.map_or(Self::Growing, Self::AtLeast)
    }
}

/// Why an event is blocked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Blocked {
    /// The vendor rejected the key; it may have been rotated since we read it.
    BadKey,
    /// Something else, in words.
    Because(String),
}

impl Outcome {
    /// A vendor has it.
    pub fn delivered(vendor: Value) -> Self {
        Self::Delivered { vendor, at_risk: None }
    }

    /// Not now.
    pub fn try_later(cause: impl Into<String>) -> Self {
        Self::TryLater { wait: Wait::Growing, cause: cause.into() }
    }

    /// An operator must act.
    pub fn blocked(cause: impl Into<String>) -> Self {
        Self::Blocked(Blocked::Because(cause.into()))
    }

    /// In doubt.
    pub fn in_doubt(cause: impl Into<String>) -> Self {
        Self::InDoubt { wait: Wait::Growing, cause: cause.into() }
    }

    /// What a call without an answer means, for any vendor.
    pub fn of_http_error(error: &http::Error) -> Self {
        match error {
            http::Error::NotWritten(cause) => Self::try_later(format!("{error}: {}", root(cause))),
            http::Error::Unsendable(cause) => Self::blocked(format!("{error}: {}", root(cause))),
            http::Error::MaybeWritten(cause) => Self::in_doubt(format!("{error}: {}", root(cause))),
        }
    }

    /// Whether the caller has nothing more to do: the event is enqueued, done or skipped.
    pub fn is_settled(&self) -> bool {
        match self {
            Self::Delivered { .. }
            | Self::Duplicate
            | Self::Rejected { .. }
            | Self::Accepted
            | Self::Skipped { .. } => true,
            Self::TemplateFault(_)
            | Self::TryLater { .. }
            | Self::Blocked(_)
            | Self::InDoubt { .. } => false,
        }
    }

    /// The one word for it, in answers and logs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Delivered { .. } => "delivered",
            Self::Duplicate => "duplicate",
            Self::Rejected { .. } => "rejected",
            Self::Accepted => "accepted",
            Self::Skipped { .. } => "skipped",
            Self::TemplateFault(_) => "template_fault",
            Self::TryLater { .. } => "try_later",
            Self::Blocked(_) => "blocked",
            Self::InDoubt { .. } => "in_doubt",
        }
    }

    /// Adds it to a log entry, with its metrics.
    pub fn describe(&self, entry: &mut LogEntry) {
        entry.outcome = self.word();
        entry.cause = self.cause();
        entry.count(self.metric());
        if matches!(self, Self::TryLater { .. } | Self::InDoubt { .. }) {
            entry.count_none(Metric::Delivered);
        }
        if matches!(self, Self::Delivered { at_risk: Some(_), .. }) {
            entry.count(Metric::Blocked);
        }
    }

    fn metric(&self) -> Metric {
        match self {
            Self::Delivered { .. } => Metric::Delivered,
            Self::Duplicate => Metric::Duplicate,
            Self::Rejected { .. } => Metric::Rejected,
            Self::Accepted => Metric::Enqueued,
            Self::Skipped { .. } => Metric::Skipped,
            Self::TemplateFault(_) => Metric::TemplateFault,
            Self::TryLater { .. } => Metric::Retried,
            Self::Blocked(_) => Metric::Blocked,
            Self::InDoubt { .. } => Metric::InDoubt,
        }
    }

    /// Why, for the log.
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::Delivered { at_risk, .. } => at_risk.clone(),
            Self::Duplicate | Self::Accepted => None,
            Self::Rejected { reason } => Some(reason.clone()),
            Self::Skipped { reason } => Some((*reason).to_owned()),
            Self::TemplateFault(fault) => Some(fault.to_string()),
            Self::Blocked(Blocked::BadKey) => Some("the vendor rejected the API key".to_owned()),
            Self::Blocked(Blocked::Because(cause))
            | Self::TryLater { cause, .. }
            | Self::InDoubt { cause, .. } => Some(cause.clone()),
        }
    }

    /// The event as callers and reply templates see it.
    pub fn body(&self, key: &EventId) -> Value {
        let mut body = json!({"status": self.word(), "id": key.as_str()});
        match self {
            Self::Delivered { vendor, .. } => body["vendor"] = vendor.clone(),
            Self::Rejected { reason } => body["reason"] = json!(reason),
            Self::Skipped { reason } => return json!({"status": "skipped", "reason": reason}),
            _ => {}
        }
        body
    }
}

/// The innermost source of an error of the HTTP library: refused, timed out, …
fn root(cause: &http::Cause) -> String {
    let mut root: &dyn std::error::Error = &**cause;
    while let Some(deeper) = root.source() {
        root = deeper;
    }
    root.to_string()
}
