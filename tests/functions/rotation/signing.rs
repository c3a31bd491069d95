//! Mailchimp's signing secret. A webhook keeps its own for life, so a second webhook is made beside
//! the first, at another path: both send every event, each signed in its own way.

use integration::Event;
use serde_json::json;

use super::{events::form_about, fleet::Fleet};
use crate::{
    common::setup::Setup,
    mailchimp_inbound::{
        setup::{SECRET, SENDS_TO_SEGMENT, Vendors, setup, unauthenticated},
        signature::{HEADER, from_now, header},
    },
};

const SIGNING: &str = "signing";
const OLD: &str = "what-the-first-webhook-signs-with";
const NEW: &str = "what-the-second-webhook-signs-with";

async fn signed_only() -> Setup<Vendors> {
    let setup =
        setup().await.template(SENDS_TO_SEGMENT).var("MAILCHIMP_SIGNING_SECRET_ID", SIGNING);
    setup.secrets.put(SIGNING, &json!({ "signing_secret": OLD }).to_string());
    setup
}

fn signed(n: usize, signing_secret: &str) -> Event {
    let form = form_about(n);
    let signature = header(signing_secret, from_now(0), &form);
    unauthenticated(&form).query(&format!("secret={SECRET}")).header(HEADER, signature)
}

/// The same by the second webhook.
fn by_the_second(n: usize) -> Event {
    signed(n, NEW).path("/2")
}

#[tokio::test]
async fn switch_to_a_second_webhook_loses_no_event_and_applies_none_twice() {
    let mut fleet = Fleet::start(signed_only().await).await;
    fleet.takes(|n| signed(n, OLD)).await;

    // The second webhook is there, and nobody knows its secret yet.
    fleet.turns_away(by_the_second(0)).await;
    fleet.takes(|n| signed(n, OLD)).await;

    fleet.running.secrets.put(SIGNING, &json!({ "signing_secret": NEW }).to_string());
    fleet.takes(|n| signed(n, OLD)).await;
    fleet.waits().await;
    fleet.takes(|n| signed(n, OLD)).await;
    fleet.takes(by_the_second).await;

    // Both told of the first event; the second time it is a duplicate.
    assert_eq!(fleet.statuses_of(by_the_second(1)).await, [200].into());
    assert!(fleet.delivers().await.is_empty());

    // The first webhook is deleted.
    fleet.waits().await;
    fleet.takes(by_the_second).await;
    fleet.assert_each_was_delivered_once();
}

#[tokio::test]
async fn leaked_signing_secret_is_rejected_after_two_rotations() {
    let mut fleet = Fleet::start(signed_only().await).await;
    for _ in 0..2 {
        fleet.running.secrets.put(SIGNING, &json!({ "signing_secret": NEW }).to_string());
    }
    fleet.waits().await;
    fleet.turns_away(signed(0, OLD)).await;
    fleet.takes(by_the_second).await;
    fleet.assert_each_was_delivered_once();
}
