//! A person in Ory, and an audience that follows.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use shared::{
    budget::Budget,
    clock::{Clock, VirtualClock},
    config::Endpoint,
    ctx::Ctx,
    deliver::{Attempt, Deliver, DeliveryReport, VendorClient},
    idempotency::{Entry, Idempotency, IdempotencyStore, LeaseRequest, MemoryStore},
    key::{EventId, FunctionArn},
    message::Message,
    outcome::Outcome,
    secrets::{ApiKey, Product, Ttl},
    template::{Rendering, Source, Template},
};
use time::{OffsetDateTime, macros::datetime};
use tokio::time::advance;
use uuid::Uuid;

use super::audience::{Audience, Fault};
use crate::{
    TIMEOUT, audience,
    consent::Rules,
    deliver::ContactDelivery,
    mailchimp::Mailchimp,
    record::{ContactRecord, lane},
    shipped_template,
};

/// The person's identity.
pub(super) const ID: Uuid = Uuid::from_u128(7);

pub(super) struct World {
    pub(super) audience: Arc<Audience>,
    delivery: ContactDelivery,
    store: Arc<MemoryStore>,
    clock: Arc<VirtualClock>,
    /// The person, as Ory has them.
    pub(super) address: &'static str,
    pub(super) is_verified: bool,
    pub(super) consent: Value,
    /// When the identity came into being, as Ory says it.
    pub(super) created_at: Value,
    events: u32,
}

/// An event that can be sent again.
pub(super) type Sent = Message<shared::ctx::SanitizedCtx>;

impl World {
    pub(super) fn new() -> Self {
        Self::with(Rules::default(), shipped_template())
    }

    pub(super) fn with(rules: Rules, template: Source) -> Self {
        let clock = Arc::new(VirtualClock::starting_at(datetime!(2026-01-31 12:00 UTC)));
        let audience = Arc::new(Audience::new(clock.clone()));
        let store = Arc::new(MemoryStore::default());
        let delivery = ContactDelivery {
            template: Template::begin(Rendering::InPlace, template),
            client: VendorClient {
                vendor: Mailchimp {
                    endpoint: Endpoint::parse("http://127.0.0.1:1/3.0"),
                    list: "l1".to_owned(),
                    http: audience.clone(),
                },
                key: Arc::new(ApiKey::none(Product::Mailchimp)),
                timeout: Duration::from_secs(35),
            },
            ory: None,
            audience: audience::Audience::new(Ttl(Duration::from_mins(5)), clock.clone()),
            rules,
            idempotency: Idempotency {
                function: crate::NAME,
                store: store.clone(),
                ttl: Duration::from_hours(1),
                clock: clock.clone(),
            },
        };
        Self {
            audience,
            delivery,
            store,
            clock,
            address: "ann@example.com",
            is_verified: false,
            consent: Value::Null,
            created_at: Value::Null,
            events: 0,
        }
    }

    /// The event of a flow: the person as they are now; in settings, with the consent `before`.
    pub(super) fn event(&mut self, flow: &str, before: &Value) -> Sent {
        self.events += 1;
        let traits = |consent: &Value| {
            json!({"email": self.address, "name": {"first": "Ann", "last": "Lee"},
                "consent": {"newsletter": consent}})
        };
        let addresses =
            json!([{"value": self.address, "via": "email", "verified": self.is_verified}]);
        let session = json!({"identity": {"traits": traits(before)}});
        let ctx = json!({
            "hook": {"flow": flow, "when": "after_save"},
            "identity": {
                "id": ID.to_string(), "traits": traits(&self.consent),
                "verifiable_addresses": addresses, "created_at": self.created_at,
            },
            "session": if flow == "settings" { session } else { Value::Null },
        });
        let ctx = Ctx::decode(ctx.to_string().as_bytes()).unwrap().sanitize();
        let id = EventId::digest(self.events.to_string().as_bytes());
        Message::new(crate::NAME, id, self.clock.now(), ctx)
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// A minute later, from the queue.
    pub(super) async fn deliver(&self, event: &Sent) -> Outcome {
        self.report(event, TIMEOUT).await.outcome
    }

    pub(super) async fn report(&self, event: &Sent, left: Duration) -> DeliveryReport {
        advance(Duration::from_mins(1)).await;
        let now = self.clock.now();
        self.attempt(event, Budget::of_invocation(now, now + left)).await
    }

    /// A minute later, while Ory waits.
    pub(super) async fn inline(&self, event: &Sent) -> Outcome {
        advance(Duration::from_mins(1)).await;
        let now = self.clock.now();
        let budget = Budget::inline(Duration::from_secs(10), now, now + TIMEOUT);
        self.attempt(event, budget).await.outcome
    }

    async fn attempt(&self, message: &Sent, budget: Budget) -> DeliveryReport {
        let arn = FunctionArn::new("arn");
        self.delivery.deliver(&Attempt { message, arn: &arn, budget }).await
    }

    pub(super) async fn register(&mut self, consent: bool) -> Outcome {
        self.consent = json!(consent);
        let event = self.event("registration", &Value::Null);
        self.deliver(&event).await
    }

    pub(super) async fn verify(&mut self) -> Outcome {
        self.is_verified = true;
        let event = self.event("verification", &Value::Null);
        self.deliver(&event).await
    }

    pub(super) async fn settings(&mut self, consent: bool) -> Outcome {
        let before = std::mem::replace(&mut self.consent, json!(consent));
        let event = self.event("settings", &before);
        self.deliver(&event).await
    }

    /// Registers with consent, and verifies the address.
    pub(super) async fn subscribe(&mut self) {
        self.register(true).await;
        assert_eq!(word(&self.verify().await), "delivered subscribed");
        self.audience.calls();
    }

    pub(super) fn status(&self) -> String {
        self.audience.state().the_one().status.clone()
    }

    pub(super) fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.audience.fail(faults);
    }

    /// What is remembered of the person.
    pub(super) async fn record(&self) -> ContactRecord {
        let now = self.clock.now();
        let request = LeaseRequest {
            record_id: lane(ID),
            holder: "test".to_owned(),
            now,
            lease_until: now,
            ttl: None,
        };
        match self.store.enter(request).await.unwrap() {
            Entry::Entered(lane) => lane.written.read().unwrap(),
            Entry::InProgress { .. } => panic!("somebody is in the lane"),
        }
    }
}

/// The word of an outcome, with the status or the reason.
pub(super) fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Delivered { vendor, .. } => {
            format!("delivered {}", vendor["status"].as_str().unwrap())
        }
        outcome => match outcome.cause() {
            Some(cause) => format!("{}: {cause}", outcome.word()),
            None => outcome.word().to_owned(),
        },
    }
}
