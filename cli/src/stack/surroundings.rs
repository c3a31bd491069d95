//! What stands around the functions: the stand-ins, and the settings that point a function at
//! them.

use std::io;

use super::PortNumbers;
use crate::standins::{Mandrill, SecretsManager, Segment};

/// What Ory presents to the local functions, in the header `Authorization`.
pub const WEBHOOK_KEY: &str = "local-webhook-key";
/// What Mailchimp presents, in the query.
const MAILCHIMP_SECRET: &str = "local-mailchimp-secret";
/// What the local stand-ins take.
const MANDRILL_KEY: &str = "local-mandrill-key";
const SEGMENT_KEY: &str = "local-segment-key";

/// The names of the secrets.
mod secret {
    pub(super) const WEBHOOK: &str = "ory-actions/webhook";
    pub(super) const MAILCHIMP: &str = "ory-actions/mailchimp";
    pub(super) const MANDRILL: &str = "ory-actions/mandrill";
    pub(super) const SEGMENT: &str = "ory-actions/segment";
}

/// The stand-ins of one stack.
pub struct Surroundings {
    /// Secrets Manager, with all the secrets in it.
    pub secrets: SecretsManager,
    /// Mandrill.
    pub mandrill: Mandrill,
    /// Segment.
    pub segment: Segment,
}

impl Surroundings {
    /// Starts them.
    pub async fn start(ports: PortNumbers) -> io::Result<Self> {
        let secrets = SecretsManager::start(ports.secrets).await?;
        secrets.put(secret::WEBHOOK, WEBHOOK_KEY);
        secrets.put(secret::MAILCHIMP, MAILCHIMP_SECRET);
        secrets.put(secret::MANDRILL, MANDRILL_KEY);
        secrets.put(secret::SEGMENT, SEGMENT_KEY);
        Ok(Self {
            secrets,
            mandrill: Mandrill::start(ports.mandrill, MANDRILL_KEY).await?,
            segment: Segment::start(ports.segment, SEGMENT_KEY).await?,
        })
    }

    /// The settings of a function; none for one that is not ours.
    pub fn settings(&self, function: &str) -> Vec<(&'static str, String)> {
        let to_segment = || {
            [("SEGMENT_SECRET_ID", secret::SEGMENT.to_owned()), ("SEGMENT_URL", self.segment.url())]
        };
        let to_mandrill = || {
            [
                ("MANDRILL_SECRET_ID", secret::MANDRILL.to_owned()),
                ("MANDRILL_URL", self.mandrill.url()),
            ]
        };
        let (caller, vendor) = match function {
            mandrill_welcome::NAME => (secret::WEBHOOK, to_mandrill()),
            segment_identify::NAME => (secret::WEBHOOK, to_segment()),
            mailchimp_inbound::NAME => (secret::MAILCHIMP, to_segment()),
            _ => return Vec::new(),
        };
        [("WEBHOOK_SECRET_ID", caller.to_owned())].into_iter().chain(vendor).collect()
    }

    /// What the vendors received since the last look, a line a call.
    pub fn take_received(&self) -> Vec<String> {
        let mails = self.mandrill.take_received();
        let tracked = self.segment.take_received();
        let mails = mails.iter().map(ToString::to_string);
        mails.chain(tracked.iter().map(ToString::to_string)).collect()
    }
}
