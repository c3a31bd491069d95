//! A backfill: people whom no webhook told of, in messages that `shared::backfill` makes.

mod added;
mod order;
mod read_again;

use fakes::{FakeOry, ory::person};
use serde_json::{Value, json};
use shared::{
    backfill::{self, Run},
    ctx::{AddAs, SanitizedCtx},
    message::Message,
};
use time::format_description::well_known::Rfc3339;

use super::{
    setup::Setup,
    world::{ID, World},
};
use crate::common::enqueued;

const ORY_SECRET: &str = "ory";
const ORY_TOKEN: &str = "the-ory-token";

/// Both words of an operator.
const WORDS: [(AddAs, &str); 2] = [(AddAs::Subscribed, "subscribed"), (AddAs::Pending, "pending")];

type Listed = Message<SanitizedCtx>;

/// A person who is in Ory already, and the function, which can ask Ory.
struct Before {
    ann: World,
    ory: FakeOry,
    /// When the identity was last changed.
    updated_at: String,
}

impl Before {
    /// With consent and a verified address.
    async fn start() -> Self {
        Self::of(Setup::queued().await).await
    }

    async fn of(setup: Setup) -> Self {
        let ory = FakeOry::start(0, Some(ORY_TOKEN)).await.unwrap();
        setup.secrets.put(ORY_SECRET, &json!({"access_token": ORY_TOKEN}).to_string());
        let setup = setup.var("ORY_URL", ory.url()).var("ORY_SECRET_ID", ORY_SECRET);
        let ann = World::of(setup).await;
        let mut before = Self { ann, ory, updated_at: String::new() };
        before.changes(json!(true), true);
        before
    }

    /// Somebody changes the identity; no webhook tells of it.
    fn changes(&mut self, consent: Value, is_verified: bool) {
        self.ann.advance(std::time::Duration::from_mins(1));
        (self.ann.consent, self.ann.is_verified) = (consent, is_verified);
        self.is_as_in_ory();
    }

    /// What the test has made of the person is what Ory has.
    fn is_as_in_ory(&mut self) {
        self.updated_at = self.ann.now().format(&Rfc3339).unwrap();
        self.ory.put_identity(self.identity());
    }

    fn identity(&self) -> Value {
        let mut identity = person(ID, self.ann.address);
        identity["traits"]["name"] = json!({"first": "Ann", "last": "Lee"});
        identity["traits"]["consent"] = json!({"newsletter": self.ann.consent});
        identity["verifiable_addresses"][0]["verified"] = json!(self.ann.is_verified);
        identity["updated_at"] = json!(self.updated_at);
        identity
    }

    /// The command lists the person as they are now.
    fn list(&self, add_as: Option<AddAs>) -> Listed {
        let function = mailchimp_subscribe::NAME;
        backfill::message(function, Run::Backfill, add_as, &self.identity()).unwrap()
    }

    fn send(&self, message: &Listed) {
        enqueued::put(&self.ann.function, message.to_json().unwrap());
    }

    /// The queue delivers it.
    async fn play(&mut self, message: &Listed) {
        self.send(message);
        assert!(self.ann.function.work().await.is_empty(), "the message stays in the queue");
    }

    /// The person is listed and the message delivered.
    async fn backfill(&mut self, add_as: Option<AddAs>) {
        let message = self.list(add_as);
        self.play(&message).await;
    }

    /// How often Ory was asked since the last look.
    fn asked(&self) -> usize {
        let calls = self.ory.take_received();
        assert!(calls.iter().all(|call| call.path == format!("/admin/identities/{ID}")));
        calls.len()
    }
}
