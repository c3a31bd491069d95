//! The fakes around the functions, and the settings that point a function at them.

use std::{io, iter::zip, sync::Arc};

use fakes::{
    FakeMailchimp, FakeMandrill, FakeOry, FakeRelayed, FakeSecretsManager, FakeSegment,
    WEBHOOK_KEY,
    mailchimp::{Audience, LIST_ID, MergeField},
    ory::people_of_the_samples,
    relayed,
};
use shared::{clock::SharedClock, secrets::MemorySecrets};
use url::Url;

use super::PortNumbers;
use crate::up::relays::Relay;

/// What Mailchimp presents in the query.
const MAILCHIMP_SECRET: &str = "local-mailchimp-secret";
/// What the local fakes accept.
const MANDRILL_KEY: &str = "local-mandrill-key";
const SEGMENT_KEY: &str = "local-segment-key";
const ORY_TOKEN: &str = "local-ory-token";
/// It ends in a data center, as every key of Mailchimp Marketing.
const MAILCHIMP_KEY: &str = "local-mailchimp-key-us6";

/// The URL of Mandrill's webhook, which the sample events are signed for. It is only a text: whatever
/// the port, it stays the same, so that the signatures hold.
pub const MANDRILL_WEBHOOK_URL: &str = "http://127.0.0.1:9000/lambda-url/mandrill-inbound/";
/// What Mandrill signs with.
pub const MANDRILL_WEBHOOK_KEY: &str = "local-mandrill-webhook-key";

/// The names of the secrets.
mod secret {
    pub(super) const WEBHOOK: &str = "ory-actions/webhook";
    pub(super) const MAILCHIMP: &str = "ory-actions/mailchimp";
    pub(super) const MANDRILL: &str = "ory-actions/mandrill";
    pub(super) const MANDRILL_WEBHOOK: &str = "ory-actions/mandrill-webhook";
    pub(super) const SEGMENT: &str = "ory-actions/segment";
    pub(super) const ORY: &str = "ory-actions/ory";
    pub(super) const MAILCHIMP_MARKETING: &str = "ory-actions/mailchimp-marketing";

    /// That of a relay.
    pub(super) fn of(relay: &super::Relay) -> String {
        format!("ory-actions/{}", relay.function)
    }
}

/// A variable and its value.
type Setting = (&'static str, String);

/// The fakes of one local stack.
pub struct Fakes {
    /// Secrets Manager, for functions in processes of their own.
    pub secrets_manager: FakeSecretsManager,
    /// The same secrets, for the functions of the stack.
    pub(super) secrets: Arc<MemorySecrets>,
    /// Mandrill.
    pub mandrill: FakeMandrill,
    /// Segment.
    pub segment: FakeSegment,
    /// Ory's admin API.
    pub ory: FakeOry,
    /// Mailchimp's Marketing API.
    pub mailchimp: FakeMailchimp,
    /// The vendor of each relay.
    relayed: Vec<(&'static Relay, FakeRelayed)>,
}

impl Fakes {
    /// Starts the fakes of a stack without relays.
    pub async fn start(ports: PortNumbers) -> io::Result<Self> {
        Self::with_relays(ports, &[]).await
    }

    /// Starts the fakes.
    pub async fn with_relays(ports: PortNumbers, relays: &[&'static Relay]) -> io::Result<Self> {
        let mut relayed = Vec::new();
        for (n, relay) in zip(0.., relays) {
            relayed.push((*relay, FakeRelayed::start(ports.relay(n), relay.preset).await?));
        }
        let fakes = Self {
            secrets_manager: FakeSecretsManager::start(ports.secrets).await?,
            secrets: Arc::default(),
            mandrill: FakeMandrill::start(ports.mandrill, MANDRILL_KEY).await?,
            segment: FakeSegment::start(ports.segment, SEGMENT_KEY).await?,
            ory: FakeOry::start(ports.ory, Some(ORY_TOKEN)).await?,
            mailchimp: FakeMailchimp::start(ports.mailchimp, MAILCHIMP_KEY).await?,
            relayed,
        };
        for (id, value) in [
            (secret::WEBHOOK, WEBHOOK_KEY),
            (secret::MAILCHIMP, MAILCHIMP_SECRET),
            (secret::MANDRILL, MANDRILL_KEY),
            (secret::MANDRILL_WEBHOOK, MANDRILL_WEBHOOK_KEY),
            (secret::SEGMENT, SEGMENT_KEY),
            (secret::ORY, ORY_TOKEN),
            (secret::MAILCHIMP_MARKETING, MAILCHIMP_KEY),
        ] {
            fakes.put_secret(id, value);
        }
        for relay in relays {
            fakes.put_secret(&secret::of(relay), &relayed::secret(relay.preset).to_string());
        }
        fakes.mandrill.put_webhook(MANDRILL_WEBHOOK_URL, MANDRILL_WEBHOOK_KEY);
        fakes.put_people();
        fakes.prepare_audience();
        Ok(fakes)
    }

    /// Lets Ory, Mandrill and Mailchimp tell the time of this clock.
    pub(super) fn set_clock(&self, clock: &SharedClock) {
        let (of_ory, of_mandrill, of_mailchimp) = (clock.clone(), clock.clone(), clock.clone());
        self.mandrill.set_clock(move || of_mandrill.now());
        self.ory.set_clock(move || of_ory.now());
        self.mailchimp.set_clock(move || of_mailchimp.now());
    }

    /// Makes Mailchimp report to `mailchimp-inbound` at this URL.
    pub(super) fn put_webhook(&self, url: &str) {
        let url = format!("{url}?secret={MAILCHIMP_SECRET}");
        self.mailchimp.audience(|audience| audience.put_webhook(&url));
    }

    /// Gives a secret a new current version.
    pub fn put_secret(&self, id: &str, value: &str) {
        self.secrets_manager.put(id, value);
        self.secrets.put(id, value);
    }

    /// Restores the identities of the samples to their state before the first sample.
    pub fn put_people(&self) {
        for person in people_of_the_samples() {
            self.ory.put_identity(person);
        }
    }

    /// Removes all contacts, as before the first sample.
    pub fn remove_contacts(&self) {
        self.mailchimp.audience(Audience::remove_members);
    }

    /// What `mailchimp-audience --apply` makes, and a field that the audience requires and no
    /// template gives: contacts are accepted all the same.
    fn prepare_audience(&self) {
        let ory_id = MergeField { is_public: false, ..MergeField::new("ORY_ID", "text") };
        self.mailchimp.audience(|audience| {
            audience.put_merge_field(ory_id);
            audience.put_merge_field(MergeField::new("COMPANY", "text").required());
        });
    }

    /// The relays.
    pub(crate) fn relays(&self) -> impl Iterator<Item = &'static Relay> {
        self.relayed.iter().map(|(relay, _)| *relay)
    }

    /// The vendor of a relay.
    pub(crate) fn relayed(&self, relay: &Relay) -> Option<&FakeRelayed> {
        let found = self.relayed.iter().find(|(other, _)| *other == relay);
        found.map(|(_, vendor)| vendor)
    }

    /// The relay whose vendor has this URL.
    pub(crate) fn relay_at(&self, url: &Url) -> Option<&'static Relay> {
        let origin = url.origin().ascii_serialization();
        let found = self.relayed.iter().find(|(_, vendor)| vendor.url() == origin);
        found.map(|(relay, _)| *relay)
    }

    /// The settings of a function; none for an unknown one.
    pub fn settings(&self, function: &str) -> Vec<Setting> {
        let to_mandrill = [
            ("MANDRILL_SECRET_ID", secret::MANDRILL.to_owned()),
            ("MANDRILL_URL", self.mandrill.url()),
            ("FROM_EMAIL", mandrill_welcome::SAMPLE_SENDER.to_owned()),
        ];
        let from_mandrill = [
            ("MANDRILL_WEBHOOK_SECRET_ID", secret::MANDRILL_WEBHOOK.to_owned()),
            ("MANDRILL_WEBHOOK_URL", MANDRILL_WEBHOOK_URL.to_owned()),
        ];
        let to_segment = [
            ("SEGMENT_SECRET_ID", secret::SEGMENT.to_owned()),
            ("SEGMENT_URL", self.segment.url()),
        ];
        let to_ory = [("ORY_SECRET_ID", secret::ORY.to_owned()), ("ORY_URL", self.ory.url())];
        let to_mailchimp = [
            ("MAILCHIMP_SECRET_ID", secret::MAILCHIMP_MARKETING.to_owned()),
            ("MAILCHIMP_LIST_ID", LIST_ID.to_owned()),
            ("MAILCHIMP_URL", self.mailchimp.url()),
        ];
        let all = |caller: &str, vendors: &[&[Setting]]| {
            let caller = ("WEBHOOK_SECRET_ID", caller.to_owned());
            [&[caller], vendors.concat().as_slice()].concat()
        };
        match function {
            mandrill_welcome::NAME => all(secret::WEBHOOK, &[&to_mandrill]),
            segment_identify::NAME => all(secret::WEBHOOK, &[&to_segment]),
            mailchimp_inbound::NAME => all(secret::MAILCHIMP, &[&to_ory, &to_segment]),
            mandrill_inbound::NAME => [&from_mandrill, &to_ory[..], &to_segment].concat(),
            mailchimp_subscribe::NAME => all(secret::WEBHOOK, &[&to_mailchimp, &to_ory]),
            _ => {
                let relayed = self.relayed.iter().find(|(relay, _)| relay.function == function);
                relayed.map_or_else(Vec::new, |(relay, vendor)| {
                    all(secret::WEBHOOK, &[&to_vendor(relay, vendor)])
                })
            }
        }
    }

    /// What the vendors received since the last call of this, one line per call: mails, patches of
    /// identities, calls to Segment, writes to Mailchimp, and calls of relays. Lookups are left out.
    pub fn take_received(&self) -> Vec<String> {
        let mails = self.mandrill.take_received();
        let patches = self.ory.take_patches();
        let tracked = self.segment.take_received();
        let contacts = self.mailchimp.take_received();
        let mails = mails.iter().filter(|call| call.is_mail()).map(ToString::to_string);
        let patches = patches.iter().map(ToString::to_string);
        let tracked = tracked.iter().map(ToString::to_string);
        let contacts = contacts.iter().filter(|call| call.is_write()).map(ToString::to_string);
        let relayed = self.relayed.iter().flat_map(|(relay, vendor)| {
            vendor.take_received().into_iter().map(|call| relay.line(&call))
        });
        mails.chain(patches).chain(tracked).chain(contacts).chain(relayed).collect()
    }
}

/// The settings that point a relay at its vendor.
fn to_vendor(relay: &Relay, vendor: &FakeRelayed) -> [Setting; 4] {
    [
        ("RELAY_PRESET", relay.preset.to_owned()),
        ("RELAY_SECRET_ID", secret::of(relay)),
        ("RELAY_ORIGIN", vendor.url()),
        ("RELAY_ALLOW_LOOPBACK", "true".to_owned()),
    ]
}
