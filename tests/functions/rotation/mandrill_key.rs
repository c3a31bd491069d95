//! The key by which Mandrill signs: a reset takes effect there at once, and the new key is put after it.
//! What comes meanwhile is refused, and comes again.

use integration::Event;
use serde_json::json;

use super::fleet::Fleet;
use crate::{
    common::setup::WEBHOOK_SECRET,
    mandrill_inbound::{
        events::{event, to},
        setup::{KEY, URL, setup, signed_by},
    },
};

const NEXT: &str = "the-key-of-mandrill-after-a-reset";

/// Sends every event about a mail to Segment.
const SENDS_TO_SEGMENT: &str =
    "function(ctx) { segment: { userId: ctx.event._id, traits: { mail: ctx.event.event } } }";

/// The bounce of the `n`-th mail.
fn bounce(n: usize, key: &str) -> Event {
    let mut bounce = to(&format!("person-{n}@example.com"), event("hard_bounce", 0));
    bounce["_id"] = json!(format!("mail-{n}"));
    signed_by(key, URL, &json!([bounce]))
}

#[tokio::test]
async fn reset_of_mandrills_key_loses_no_event_and_does_none_twice() {
    let mut fleet = Fleet::start(setup().await.template(SENDS_TO_SEGMENT)).await;
    fleet.takes(|n| bounce(n, KEY)).await;

    // Reset at Mandrill, and not put yet: Mandrill tries again later.
    fleet.turns_away(bounce(1000, NEXT)).await;
    fleet.running.secrets.put(WEBHOOK_SECRET, &json!({ "webhook_key": NEXT }).to_string());
    fleet.waits().await;
    fleet.takes(|n| bounce(n, NEXT)).await;
    // Signed before the reset, and still on its way.
    fleet.takes(|n| bounce(n, KEY)).await;

    // The call that was refused comes again, to each: one of them is not enough to know.
    assert_eq!(fleet.statuses_of(bounce(1, NEXT)).await, [200].into());
    assert!(fleet.delivers().await.is_empty());
    fleet.assert_each_was_delivered_once();
}

#[tokio::test]
async fn leaked_key_of_mandrill_is_rejected_after_it_was_put_twice() {
    let mut fleet = Fleet::start(setup().await.template(SENDS_TO_SEGMENT)).await;
    fleet.takes(|n| bounce(n, KEY)).await;
    for _ in 0..2 {
        fleet.running.secrets.put(WEBHOOK_SECRET, NEXT);
    }
    fleet.waits().await;
    fleet.turns_away(bounce(0, KEY)).await;
    fleet.takes(|n| bounce(n, NEXT)).await;
    fleet.assert_each_was_delivered_once();
}
