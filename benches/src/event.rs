//! Events, each of its own: no duplicate flatters.

use bytes::Bytes;
use integration::Event;
use ory_actions::{samples::SAMPLES, world::WEBHOOK_KEY};
use serde_json::Value;
use uuid::Uuid;

/// The sample with all of ctx, as Ory's documents show it.
const SAMPLE: &str = "registration.json";

/// The ctx of the sample.
pub(crate) fn ctx() -> Value {
    let sample = SAMPLES.iter().find(|sample| sample.file == SAMPLE).expect("it is there");
    let body = sample.event().and_then(|event| event.body()).expect("a sample is an event");
    let mut body: Value = serde_json::from_slice(&body).expect("its body is JSON");
    body["ctx"].take()
}

/// The sign-up of somebody who was never seen before.
pub(crate) fn sign_up(ctx: &Value) -> Bytes {
    let mut ctx = ctx.clone();
    let id = Uuid::from_u128(fastrand::u128(..)).to_string();
    let email = Value::from(format!("{id}@example.com"));
    let identity = &mut ctx["identity"];
    identity["traits"]["email"] = email.clone();
    identity["verifiable_addresses"][0]["value"] = email.clone();
    identity["recovery_addresses"][0]["value"] = email;
    identity["id"] = id.into();
    let trigger = Uuid::from_u128(fastrand::u128(..)).to_string();
    let event = Event::of_ory(&ctx, &trigger).header("authorization", WEBHOOK_KEY);
    Value::from(event).to_string().into()
}
