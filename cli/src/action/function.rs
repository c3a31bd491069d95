//! The functions that Ory calls.

use std::{fmt, str::FromStr};

use lint::kratos::Flow;

/// A function that Ory calls.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OryFunction {
    /// Sends a mail.
    MandrillWelcome,
    /// Sends a call to Segment.
    SegmentIdentify,
    /// Keeps a contact in Mailchimp.
    MailchimpSubscribe,
    /// Sends a call to the vendor of a preset.
    Relay,
}

/// A name of no function that Ory calls.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoFunction {
    /// Mailchimp calls it, not Ory.
    #[error(
        "Ory does not call mailchimp-inbound; Mailchimp does. See `ory-actions mailchimp-webhook`"
    )]
    OfMailchimp,
    /// Mandrill calls it, not Ory.
    #[error(
        "Ory does not call mandrill-inbound; Mandrill does. See `ory-actions mandrill-webhook`"
    )]
    OfMandrill,
    /// The name is unknown.
    #[error("expected {}", OryFunction::ALL.map(OryFunction::name).join(" or "))]
    Unknown,
}

impl OryFunction {
    /// All.
    pub const ALL: [Self; 4] =
        [Self::MandrillWelcome, Self::SegmentIdentify, Self::MailchimpSubscribe, Self::Relay];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::MandrillWelcome => mandrill_welcome::NAME,
            Self::SegmentIdentify => segment_identify::NAME,
            Self::MailchimpSubscribe => mailchimp_subscribe::NAME,
            Self::Relay => relay::NAME,
        }
    }

    /// The flows that the function needs; none where the operator chooses. The first matters most.
    pub fn flows(self) -> &'static [Flow] {
        match self {
            Self::MandrillWelcome | Self::SegmentIdentify | Self::Relay => &[],
            Self::MailchimpSubscribe => &[Flow::Verification, Flow::Settings, Flow::Registration],
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
            mandrill_inbound::NAME => NoFunction::OfMandrill,
            _ => NoFunction::Unknown,
        })
    }
}
