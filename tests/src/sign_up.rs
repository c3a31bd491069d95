//! Sign-ups, each of somebody who was never seen before: no duplicate flatters.

use ory_actions::{samples::SAMPLES, world::WEBHOOK_KEY};
use serde_json::Value;
use uuid::Uuid;

use crate::Event;

/// The sample with all of ctx, as Ory's documents show it.
const SAMPLE: &str = "registration.json";

/// The ctx of the sample.
pub fn ctx() -> Value {
    let sample = SAMPLES.iter().find(|sample| sample.file == SAMPLE).expect("it is there");
    let body = sample.event().and_then(|event| event.body()).expect("a sample is an event");
    let mut body: Value = serde_json::from_slice(&body).expect("its body is JSON");
    body["ctx"].take()
}

/// The webhook of a person who has signed up, in one of Ory's attempts at it.
pub fn sign_up(ctx: &Value, person: Uuid, trigger: Uuid) -> Event {
    let mut ctx = ctx.clone();
    let email = Value::from(address(person));
    let identity = &mut ctx["identity"];
    identity["traits"]["email"] = email.clone();
    identity["verifiable_addresses"][0]["value"] = email.clone();
    identity["recovery_addresses"][0]["value"] = email;
    identity["id"] = person.to_string().into();
    Event::of_ory(&ctx, &trigger.to_string()).header("authorization", WEBHOOK_KEY)
}

/// The address of a person.
pub fn address(person: Uuid) -> String {
    format!("{person}@example.com")
}

/// An id that nobody else has.
pub fn random_id() -> Uuid {
    Uuid::from_u128(fastrand::u128(..))
}
