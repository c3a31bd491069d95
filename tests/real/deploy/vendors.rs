//! The vendors, each with a key that only the stack knows.

use fakes::{
    FakeMailchimp, FakeMandrill, FakeOry, FakeSegment, Tracked,
    mailchimp::{MergeField, Status},
    ory::person,
};
use serde_json::json;
use uuid::Uuid;

pub(super) const MANDRILL_KEY: &str = "md-0123456789abcdefghijkl";
pub(super) const SEGMENT_KEY: &str = "0123456789abcdefghijklmnopqrstuv";
pub(super) const ORY_TOKEN: &str = "ory_pat_0123456789";
pub(super) const MANDRILL_WEBHOOK_KEY: &str = "0123456789abcdefghijkl";
pub(super) const MAILCHIMP_KEY: &str = "0123456789abcdef0123456789abcdef-us6";

/// The sender of the welcome mail, at a domain that Mandrill has verified.
pub(super) const SENDER: &str = "welcome@shop.test";

/// The vendors' APIs.
pub(super) struct Vendors {
    pub(super) mandrill: FakeMandrill,
    pub(super) segment: FakeSegment,
    pub(super) ory: FakeOry,
    pub(super) mailchimp: FakeMailchimp,
}

impl Vendors {
    pub(super) async fn start() -> Self {
        let vendors = Self {
            mandrill: FakeMandrill::start(0, MANDRILL_KEY).await.unwrap(),
            segment: FakeSegment::start(0, SEGMENT_KEY).await.unwrap(),
            ory: FakeOry::start(0, Some(ORY_TOKEN)).await.unwrap(),
            mailchimp: FakeMailchimp::start(0, MAILCHIMP_KEY).await.unwrap(),
        };
        let id = MergeField { is_public: false, ..MergeField::new("ORY_ID", "text") };
        vendors.mailchimp.audience(|audience| audience.put_merge_field(id));
        vendors.mandrill.set_domain("shop.test", true);
        let host = vendors.segment.url();
        vendors.segment.set_api_host(host.trim_start_matches("http://"));
        vendors
    }

    /// The variables that no parameter can set, as the template admits https only.
    pub(super) fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("MANDRILL_URL", self.mandrill.url()),
            ("SEGMENT_URL", self.segment.url()),
            ("ORY_URL", self.ory.url()),
            ("MAILCHIMP_URL", self.mailchimp.url()),
        ]
    }

    /// Somebody in Ory who takes the newsletter.
    pub(super) fn put_subscriber(&self, id: Uuid, email: &str) {
        let mut subscriber = person(&id.to_string(), email);
        subscriber["traits"]["consent"] = json!({"newsletter": true});
        self.ory.put_identity(subscriber);
    }

    /// How many mails this address got.
    pub(super) fn mails_to(&self, email: &str) -> usize {
        self.mandrill.mails().get(email).copied().unwrap_or_default()
    }

    /// Whether this address gets the campaigns of the audience.
    pub(super) fn is_contact(&self, email: &str) -> bool {
        self.mailchimp.audience(|audience| {
            audience.member(email).is_some_and(|member| member.status == Status::Subscribed)
        })
    }

    /// The ids under which Segment was told of this person since the last look.
    pub(super) fn take_message_ids(&self, person: Uuid) -> Vec<String> {
        let person = json!(person.to_string());
        let calls = self.segment.take_received();
        let events = calls.iter().flat_map(Tracked::events);
        let of_person = events.filter(|event| event["userId"] == person);
        of_person.map(|event| event["messageId"].as_str().unwrap().to_owned()).collect()
    }

    /// Whether the identity says that mail does not reach it at this address.
    pub(super) fn is_marked(&self, id: Uuid, email: &str) -> bool {
        let identity = self.ory.identity(&id.to_string()).unwrap();
        identity["metadata_public"]["mandrill"]["undeliverable"]["address"] == email
    }

    /// Whether this person still takes the newsletter.
    pub(super) fn is_subscribed(&self, id: Uuid) -> bool {
        self.ory.identity(&id.to_string()).unwrap()["traits"]["consent"]["newsletter"] == true
    }
}
