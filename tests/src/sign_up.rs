//! Sign-ups, each of somebody who was never seen before: no duplicate flatters.

use fakes::WEBHOOK_KEY;
use serde_json::Value;
use uuid::Uuid;

use crate::Event;

/// The sample with all of ctx, as Ory's documents show it.
const SAMPLE: &str = include_str!("../../events/registration.json");

/// The ctx of the sample.
pub fn ctx() -> Value {
    let event: Value = serde_json::from_str(SAMPLE).expect("a sample is JSON");
    let body = event["body"].as_str().expect("a sample has a body");
    let mut body: Value = serde_json::from_str(body).expect("its body is JSON");
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
