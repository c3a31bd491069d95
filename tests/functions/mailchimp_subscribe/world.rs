//! A person in Ory, and the audience that follows, in one time that the test tells.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use fakes::mailchimp::{Audience, MergeField, Status};
use integration::Event;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::datetime};

use super::setup::{Setup, Subscribe};
use crate::common::{ory::event_of, setup::TABLE};

/// The person's identity.
pub(super) const ID: &str = "00000001-1111-4111-8111-0000000000c1";

/// The address that the person begins with.
pub(super) const OLD: &str = "ann@example.com";

/// The address that the person changes to.
pub(super) const NEW: &str = "ann@new.example.com";

pub(super) struct World {
    pub(super) function: Subscribe,
    /// The person, as Ory has them.
    pub(super) address: &'static str,
    pub(super) is_verified: bool,
    pub(super) consent: Value,
    events: u32,
    now: Arc<Mutex<OffsetDateTime>>,
}

impl World {
    /// With a queue, a table, the shipped template, and the merge field that it needs.
    pub(super) async fn start() -> Self {
        Self::of(Setup::queued().await).await
    }

    pub(super) async fn of(setup: Setup) -> Self {
        let now = Arc::new(Mutex::new(datetime!(2026-01-31 12:00 UTC)));
        let told = now.clone();
        setup.vendor.set_clock(move || *told.lock().unwrap());
        let field = MergeField { is_public: false, ..MergeField::new("ORY_ID", "text") };
        setup.vendor.audience(|audience| audience.put_merge_field(field));
        Self {
            function: setup.start().await,
            address: OLD,
            is_verified: false,
            consent: Value::Null,
            events: 0,
            now,
        }
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        *self.now.lock().unwrap()
    }

    pub(super) fn advance(&self, time: Duration) {
        *self.now.lock().unwrap() += time;
    }

    /// A minute later, the person as they are now; in settings, with the consent `before`.
    pub(super) fn event(&mut self, flow: &str, before: &Value) -> Event {
        self.advance(Duration::from_mins(1));
        self.events += 1;
        let traits = |consent: &Value| {
            json!({"email": self.address, "name": {"first": "Ann", "last": "Lee"},
                "consent": {"newsletter": consent}})
        };
        let at = self.now().format(&Rfc3339).unwrap();
        let mut ctx = json!({
            "flow": {"id": "cec1c06e-48eb-4f9d-abf1-2e287371f4eb", "type": "browser", "issued_at": at},
            "hook": {"flow": flow, "when": "after_save"},
            "identity": {
                "id": ID, "traits": traits(&self.consent), "updated_at": at,
                "verifiable_addresses": [
                    {"value": self.address, "via": "email", "verified": self.is_verified},
                ],
            },
        });
        if flow == "settings" {
            ctx["session"] = json!({"identity": {"traits": traits(before)}});
        }
        event_of(&format!("{:08}-2222-4222-8222-0000000000c1", self.events), &ctx)
    }

    /// Ory calls, and the queue delivers.
    pub(super) async fn play(&mut self, event: Event) {
        self.function.store(event).await;
        assert!(self.function.work().await.is_empty(), "the event stays in the queue");
    }

    pub(super) async fn register(&mut self, consent: bool) {
        self.consent = json!(consent);
        let event = self.event("registration", &Value::Null);
        self.play(event).await;
    }

    pub(super) async fn verify(&mut self) {
        self.is_verified = true;
        let event = self.event("verification", &Value::Null);
        self.play(event).await;
    }

    pub(super) async fn settings(&mut self, consent: bool) {
        let before = std::mem::replace(&mut self.consent, json!(consent));
        let event = self.event("settings", &before);
        self.play(event).await;
    }

    /// Registers with consent, and verifies the address.
    pub(super) async fn subscribe(&mut self) {
        self.register(true).await;
        self.verify().await;
        assert_eq!(self.contacts(), [(OLD, "subscribed")]);
        self.function.received();
    }

    /// The person asks for another address, which is not verified yet.
    pub(super) fn change_address(&mut self) {
        (self.address, self.is_verified) = (NEW, false);
    }

    pub(super) fn audience<T>(&self, work: impl FnOnce(&mut Audience) -> T) -> T {
        self.function.vendor.audience(work)
    }

    /// There is such a contact by now, of which the function knows nothing.
    pub(super) fn put_contact(&self, address: &str, status: Status) {
        let now = self.now();
        self.audience(|audience| _ = audience.put_member(address, status, now));
    }

    /// All contacts, the oldest first: address and state.
    pub(super) fn contacts(&self) -> Vec<(&'static str, &'static str)> {
        let of = |address: &str| if address == NEW { NEW } else { OLD };
        self.audience(|audience| {
            audience.members().iter().map(|one| (of(&one.address), one.status.word())).collect()
        })
    }

    /// What is remembered of the person.
    pub(super) fn record(&self) -> Value {
        let records = self.function.dynamo_db.items(TABLE);
        let id = json!({"S": format!("contact#{ID}")});
        let record = records.iter().find(|record| record["id"] == id).unwrap();
        serde_json::from_str(record["written"]["S"].as_str().unwrap()).unwrap()
    }

    /// Ends it; the outcome of each delivery, with its cause.
    pub(super) async fn outcomes(self) -> Vec<String> {
        let deliveries = self.function.end().await.deliveries();
        deliveries.iter().map(outcome).collect()
    }
}

/// The outcome of a line, with its cause.
pub(super) fn outcome(line: &Value) -> String {
    let word = line["outcome"].as_str().unwrap();
    match line["cause"].as_str() {
        Some(cause) => format!("{word}: {cause}"),
        None => word.to_owned(),
    }
}
