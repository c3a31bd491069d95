//! Order and duplicates: an event is applied once, and not after a newer one.

use integration::Event;
use serde_json::json;

use super::world::{OLD, World, outcome};
use crate::common::ory::event_of;

const STALE: &str = "skipped: stale: a newer event was applied";

#[tokio::test]
async fn older_event_changes_nothing() {
    let mut ann = World::start().await;
    ann.consent = json!(true);
    let registration = ann.event("registration", &json!(null));
    ann.is_verified = true;
    let verification = ann.event("verification", &json!(null));
    ann.settings(false).await;
    assert_eq!(ann.contacts(), []);
    for older in [verification, registration] {
        ann.function.received();
        ann.play(older).await;
        assert!(ann.function.received().is_empty());
    }
    assert_eq!(ann.contacts(), []);
    let outcomes = ann.outcomes().await;
    assert_eq!(outcomes, ["skipped: not opted in", STALE, STALE]);
}

/// By its Trigger-ID, or by its content where there is none.
#[tokio::test]
async fn repeated_event_is_a_duplicate_and_makes_no_call() {
    for rename in [|event: Event| event, Event::without_trigger] {
        let mut ann = World::start().await;
        (ann.consent, ann.is_verified) = (json!(true), true);
        let event = rename(ann.event("registration", &json!(null)));
        for _ in 0..3 {
            ann.play(event.clone()).await;
        }
        assert_eq!(ann.function.methods(), ["GET", "GET", "PUT"]);
        assert_eq!(ann.outcomes().await, ["delivered", "duplicate", "duplicate"]);
    }
}

#[tokio::test]
async fn event_delivered_twice_by_the_queue_is_a_duplicate() {
    let mut ann = World::start().await;
    (ann.consent, ann.is_verified) = (json!(true), true);
    let event = ann.event("registration", &json!(null));
    ann.function.store(event).await;
    let [message] = ann.function.sqs.receive("events", 1).try_into().unwrap();
    for _ in 0..2 {
        assert!(ann.function.sandbox.deliver(std::slice::from_ref(&message)).await.is_empty());
    }
    assert_eq!(ann.function.methods(), ["GET", "GET", "PUT"]);
    assert_eq!(ann.outcomes().await, ["delivered", "duplicate"]);
}

/// Kratos runs two hooks after one change, for example after a recovery that ends in the settings.
#[tokio::test]
async fn two_events_of_one_time_are_each_applied() {
    let mut ann = World::start().await;
    ann.subscribe().await;
    let settings = ann.event("settings", &json!(true));
    let now = ann.now();
    let withdrawal = event_of(
        "00000007-2222-4222-8222-0000000000c1",
        &json!({
            "hook": {"flow": "settings", "when": "after_save"},
            "identity": {
                "id": super::world::ID,
                "updated_at": now.format(&time::format_description::well_known::Rfc3339).unwrap(),
                "traits": {"email": OLD, "consent": {"newsletter": false}},
                "verifiable_addresses": [{"value": OLD, "via": "email", "verified": true}],
            },
            "session": {"identity": {"traits": {"email": OLD, "consent": {"newsletter": true}}}},
        }),
    );
    ann.play(settings).await;
    ann.play(withdrawal.clone()).await;
    ann.play(withdrawal).await;
    assert_eq!(ann.contacts(), [(OLD, "unsubscribed")]);
    let outcomes = ann.outcomes().await;
    assert_eq!(outcomes[2..], ["delivered", "delivered", "duplicate"]);
}

/// The record is the table's: whichever sandbox comes next knows it.
#[tokio::test]
async fn order_is_shared_between_sandboxes() {
    let mut ann = World::start().await;
    ann.consent = json!(true);
    let registration = ann.event("registration", &json!(null));
    ann.verify().await;
    let mut other = ann.function.sandbox.another().await;
    ann.function.store(registration).await;
    let message = ann.function.sqs.receive("events", 1);
    assert!(other.deliver(&message).await.is_empty());
    let line = other.end().await.deliveries().remove(0);
    assert_eq!(outcome(&line), STALE);
}

/// Nobody can make later events old: `updated_at` is Ory's. Without it, the time received counts.
#[tokio::test]
async fn event_without_an_update_time_is_ordered_by_the_time_received() {
    let mut ann = World::start().await;
    ann.subscribe().await;
    let event = |consent: bool, before: bool, n: usize| {
        let traits = |consent: bool| json!({"email": OLD, "consent": {"newsletter": consent}});
        event_of(
            &format!("{n:08}-2222-4222-8222-0000000000c2"),
            &json!({
                "hook": {"flow": "settings", "when": "after_save"},
                "identity": {
                    "id": super::world::ID, "traits": traits(consent),
                    "verifiable_addresses": [{"value": OLD, "via": "email", "verified": true}],
                },
                "session": {"identity": {"traits": traits(before)}},
            }),
        )
    };
    ann.play(event(false, true, 1)).await;
    assert_eq!(ann.contacts(), [(OLD, "unsubscribed")]);
    ann.play(event(true, false, 2)).await;
    assert_eq!(ann.contacts(), [(OLD, "pending")]);
}
