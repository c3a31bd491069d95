//! Events that nobody needs: counted, and not stored.

use serde_json::{Value, json};

use super::{
    events::{event, of_others},
    setup::{known, setup, signed},
};
use crate::common::event_log::metrics;

/// An entry of the denylist was added: a sync event has no `event`.
fn sync() -> Value {
    json!({
        "type": "denylist", "action": "add", "ts": 1_769_858_377,
        "reject": {"email": "ann@example.com", "reason": "hard-bounce", "sender": null},
    })
}

/// A mail came in.
fn inbound_mail() -> Value {
    json!({
        "event": "inbound", "ts": 1_769_858_377,
        "msg": {"email": "ann@example.com", "text": "a-text", "raw_msg": "a-text"},
    })
}

#[tokio::test]
async fn sync_event_and_inbound_mail_and_clicks_are_skipped_and_counted() {
    let mut inbound = setup().await.start().await;
    let nothing = [
        sync(),
        inbound_mail(),
        event("open", 0),
        event("click", 0),
        event("deferral", 0),
        of_others(event("send", 0)),
        of_others(event("soft_bounce", 0)),
        json!(null),
        json!("hard_bounce"),
    ];
    let answer = inbound.call(signed(&json!(nothing))).await;
    let expected = json!({"status": "skipped", "reason": "no event that is needed"});
    assert_eq!((answer.status, answer.body), (200, expected));
    assert!(inbound.stored().is_empty());
    assert_eq!(inbound.sqs.calls(), 0);
    let line = inbound.end().await.only_line();
    assert_eq!(line["outcome"], "skipped");
    assert_eq!(metrics(&line), ["Received", "Skipped"].into());
    assert_eq!((&line["Received"], &line["Skipped"]), (&json!(9.0), &json!(9.0)));
}

#[tokio::test]
async fn needed_events_beside_others_are_stored() {
    let mut inbound = setup().await.start().await;
    let events = json!([sync(), event("hard_bounce", 0), inbound_mail(), event("send", 0)]);
    let answer = inbound.call(signed(&events)).await;
    assert_eq!((answer.row(), &answer.body["events"]), ((200, "accepted"), &json!(2)));
    assert_eq!(inbound.stored().len(), 2);
    let line = inbound.end().await.only_line();
    assert_eq!(metrics(&line), ["Enqueued", "Received", "Skipped"].into());
    let counted = ["Enqueued", "Received", "Skipped"].map(|name| line[name].clone());
    assert_eq!(counted, [2.0, 4.0, 2.0].map(Value::from));
}

#[tokio::test]
async fn event_that_changes_nothing_is_skipped_on_delivery() {
    let mut inbound = known().await.start().await;
    for kind in ["send", "soft_bounce", "unsub"] {
        inbound.takes(&[event(kind, 0)]).await;
    }
    assert!(inbound.is_at_rest());
    for line in inbound.end().await.deliveries() {
        assert_eq!((&line["outcome"], metrics(&line)), (&json!("skipped"), ["Skipped"].into()));
    }
}
