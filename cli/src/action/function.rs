//! The functions that Ory calls.

use std::{fmt, str::FromStr};

/// A function that Ory calls.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OryFunction {
    /// Sends a mail.
    MandrillWelcome,
    /// Sends a call to Segment.
    SegmentIdentify,
}

/// A name of no function that Ory calls.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoFunction {
    /// Mailchimp calls it, not Ory.
    #[error(
        "Ory does not call mailchimp-inbound; Mailchimp does. See `ory-actions mailchimp-webhook`"
    )]
    OfMailchimp,
    /// The name is unknown.
    #[error("expected {} or {}", mandrill_welcome::NAME, segment_identify::NAME)]
    Unknown,
}

impl OryFunction {
    /// Both.
    pub const ALL: [Self; 2] = [Self::MandrillWelcome, Self::SegmentIdentify];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::MandrillWelcome => mandrill_welcome::NAME,
            Self::SegmentIdentify => segment_identify::NAME,
        }
    }
}

impl fmt::Display for OryFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for OryFunction {
    type Err = NoFunction;

    fn from_str(name: &str) -> Result<Self, NoFunction> {
        let known = Self::ALL.into_iter().find(|function| function.name() == name);
        known.ok_or(match name {
            mailchimp_inbound::NAME => NoFunction::OfMailchimp,
            _ => NoFunction::Unknown,
        })
    }
}
