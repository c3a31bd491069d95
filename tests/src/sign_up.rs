//! Sign-ups, each of somebody who was never seen before: no duplicate flatters.

use ory_actions::{samples::SAMPLES, world::WEBHOOK_KEY};
use serde_json::Value;
use uuid::Uuid;

use crate::Event;

/// The sample with all of ctx, as Ory's documents show it.
const SAMPLE: &str = "registration.json";

/// Makes sign-ups.
#[derive(Clone)]
pub struct SignUps {
    ctx: Value,
}

impl Default for SignUps {
    fn default() -> Self {
        let sample = SAMPLES.iter().find(|sample| sample.file == SAMPLE).expect("it is there");
        let body = sample.event().and_then(|event| event.body()).expect("a sample is an event");
        let mut body: Value = serde_json::from_slice(&body).expect("its body is JSON");
        Self { ctx: body["ctx"].take() }
    }
}

impl SignUps {
    /// The address of a person.
    pub fn address(person: Uuid) -> String {
        format!("{person}@example.com")
    }

    /// What Ory tells of a person who has signed up.
    pub fn ctx(&self, person: Uuid) -> Value {
        let mut ctx = self.ctx.clone();
        let email = Value::from(Self::address(person));
        let identity = &mut ctx["identity"];
        identity["traits"]["email"] = email.clone();
        identity["verifiable_addresses"][0]["value"] = email.clone();
        identity["recovery_addresses"][0]["value"] = email;
        identity["id"] = person.to_string().into();
        ctx
    }

    /// The webhook of it, in one of Ory's attempts.
    pub fn event(&self, person: Uuid, trigger: Uuid) -> Event {
        let event = Event::of_ory(&self.ctx(person), &trigger.to_string());
        event.header("authorization", WEBHOOK_KEY)
    }
}

/// A UUID that nobody else has.
pub fn random_id() -> Uuid {
    Uuid::from_u128(fastrand::u128(..))
}
