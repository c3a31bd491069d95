//! Rotation of webhook secrets: put the new secret, wait, change the caller.

use fakes::WEBHOOK_KEY;
use integration::Event;
use serde_json::{Value, json};

use super::{
    events::{identify, of_mailchimp, of_ory, opt_in_of, subscribe, welcome},
    fleet::Fleet,
};
use crate::{
    common::setup::{Setup, Vendor, WEBHOOK_SECRET},
    mailchimp_inbound::setup::{SECRET, SENDS_TO_SEGMENT, setup as mailchimp},
};

const NEXT: &str = "the-next-secret-of-the-caller";
const MADE_UP: &str = "a-made-up-secret";

/// The steps. Unauthenticated callers use up the lookups after a mismatch meanwhile.
async fn is_rotated<V: Vendor>(
    setup: Setup<V>,
    old: &str,
    put: Value,
    event: fn(usize, &str) -> Event,
) {
    let mut fleet = Fleet::start(setup).await;
    fleet.takes(|n| event(n, old)).await;

    fleet.turns_away(event(0, MADE_UP)).await;
    fleet.running.secrets.put(WEBHOOK_SECRET, &put.to_string());
    fleet.takes(|n| event(n, old)).await;

    fleet.waits().await;
    fleet.turns_away(event(0, MADE_UP)).await;
    fleet.takes(|n| event(n, old)).await;

    // The caller is changed; what it is at goes on with the old one.
    fleet.takes(|n| event(n, NEXT)).await;
    fleet.takes(|n| event(n, old)).await;

    fleet.waits().await;
    fleet.turns_away(event(0, MADE_UP)).await;
    fleet.takes(|n| event(n, NEXT)).await;
    fleet.assert_each_was_delivered_once();
}

#[tokio::test]
async fn webhook_secret_rotation_loses_no_welcome() {
    let setup = welcome().await;
    is_rotated(setup, WEBHOOK_KEY, json!({ "api_key": NEXT }), of_ory).await;
}

#[tokio::test]
async fn webhook_secret_rotation_loses_no_identify() {
    let setup = identify().await;
    is_rotated(setup, WEBHOOK_KEY, json!({ "api_key": NEXT }), of_ory).await;
}

#[tokio::test]
async fn webhook_secret_rotation_loses_no_opt_in() {
    let setup = subscribe().await;
    is_rotated(setup, WEBHOOK_KEY, json!({ "api_key": NEXT }), opt_in_of).await;
}

#[tokio::test]
async fn webhook_secret_rotation_loses_no_mailchimp_event() {
    let setup = mailchimp().await.template(SENDS_TO_SEGMENT);
    is_rotated(setup, SECRET, json!({ "secret": NEXT }), of_mailchimp).await;
}

#[tokio::test]
async fn rotation_without_the_documented_wait_can_reject_a_caller() {
    let mut welcome = welcome().await.with_queue().with_table().start().await;
    assert_eq!(welcome.call(of_ory(1, MADE_UP)).await.status, 401);
    welcome.secrets.put(WEBHOOK_SECRET, NEXT);
    assert_eq!(welcome.call(of_ory(1, NEXT)).await.status, 401, "the one look in 30 s is used up");
    assert_eq!(welcome.call(of_ory(1, WEBHOOK_KEY)).await.status, 202);
}
