//! The queue: an answer of 200 means that all events of the call are in it.

use fakes::FakeMessage;
use serde_json::{Value, json};

use super::{
    events::{FIRST, ORY_KEY, event, of_others, to},
    setup::{known, setup, signed},
};
use crate::{
    common::{
        canaries::assert_has_no_canary,
        enqueued,
        event_log::{metrics, outcomes},
        setup::{Running, Vendor},
    },
    mailchimp_inbound::{
        people::{ANN, with_consent},
        setup::{Vendors, error},
    },
};

/// Every event about a person that there is, of mails of ours.
fn all() -> Vec<Value> {
    vec![event("hard_bounce", 0), event("spam", 1), event("reject", 2), event("delivered", 3)]
}

fn bodies(messages: &[FakeMessage]) -> Vec<Value> {
    messages.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
}

async fn is_unfinished(inbound: &mut Running<Vendors>, events: &Value) {
    let answer = inbound.call(signed(events)).await;
    assert_eq!((answer.status, answer.body), (503, error("unfinished")));
}

#[tokio::test]
async fn thousand_events_of_one_call_are_a_hundred_calls_of_the_queue() {
    let mut inbound = setup().await.start().await;
    let events: Vec<_> = (0..1000).map(|second| event("hard_bounce", second)).collect();
    inbound.is_told(&events).await;
    assert_eq!(inbound.sqs.calls(), 100);
    assert_eq!(inbound.sqs.calls_of("SendMessageBatch"), 100);
    let mut stored: Vec<_> = bodies(&inbound.stored())
        .iter()
        .map(|body| body["event"]["ts"].as_i64().unwrap())
        .collect();
    stored.sort_unstable();
    assert_eq!(stored, (FIRST..FIRST + 1000).collect::<Vec<_>>());
}

#[tokio::test]
async fn message_holds_what_is_needed_and_nothing_else() {
    let mut bounce = event("hard_bounce", 0);
    for (name, value) in [("ip", "203.0.113.7"), ("user_agent", "canary"), ("url", "canary")] {
        bounce[name] = json!(value);
        bounce["msg"][name] = json!(value);
    }
    bounce["location"] = json!({"city": "canary", "latitude": 1.0});
    for name in ["subject", "sender", "template", "subaccount", "diag", "text", "resends"] {
        bounce["msg"][name] = json!("canary");
    }
    bounce["msg"]["tags"] = json!(["canary"]);
    bounce["msg"]["opens"] = json!([{"ip": "203.0.113.7", "ua": "canary", "location": "canary"}]);
    bounce["msg"]["clicks"] = bounce["msg"]["opens"].clone();
    bounce["msg"]["smtp_events"] = bounce["msg"]["opens"].clone();
    bounce["msg"]["metadata"]["plan"] = json!("canary");
    bounce["msg"]["metadata"]["canary"] = json!("x");
    let mut inbound = setup().await.start().await;
    inbound.is_told(&[bounce]).await;
    let message = inbound.stored_once();
    assert_has_no_canary("the queue", &message.body);
    let body = inbound.stored_body();
    let expected = json!({
        "_id": "6f2a1d0c9b8e7f6a5b4c3d2e1f0a9b8c", "event": "hard_bounce", "ts": FIRST,
        "msg": {
            "email": "ann@example.com", "state": "bounced", "bounce_description": "bad_mailbox",
            "ory_key": ORY_KEY, "ory_identity": ANN,
        },
    });
    assert_eq!((&body["event"], &body["function"]), (&expected, &json!("mandrill-inbound")));
}

#[tokio::test]
async fn call_is_refused_if_the_queue_is_down_or_takes_a_part() {
    let mut inbound = setup().await.start().await;
    let events = json!(all());
    inbound.sqs.set_down(true);
    is_unfinished(&mut inbound, &events).await;
    assert!(inbound.stored().is_empty());
    inbound.sqs.set_down(false);
    inbound.sqs.fail_next_entries(1);
    is_unfinished(&mut inbound, &events).await;
    assert_eq!(inbound.stored().len(), 3);
    inbound.sqs.set_max_message_bytes(100);
    is_unfinished(&mut inbound, &events).await;
    assert_eq!(inbound.stored().len(), 3);
    for line in inbound.end().await.event_log() {
        assert_eq!(line["outcome"], "unfinished", "{line:#}");
        assert!(line.get("Enqueued").is_none(), "{line:#}");
    }
}

/// Mandrill sends the whole batch again, and of it what was stored before is there twice.
#[tokio::test]
async fn batch_sent_again_after_a_failure_is_done_once() {
    let setup = known().await;
    setup.vendor.ory.put_identity(with_consent(crate::mailchimp_inbound::people::ann(), true));
    let mut inbound = setup.start().await;
    let events = vec![event("hard_bounce", 0), event("spam", 1)];
    inbound.sqs.fail_next_entries(1);
    is_unfinished(&mut inbound, &json!(events)).await;
    inbound.is_told(&events).await;
    assert_eq!(inbound.stored().len(), 3);
    assert!(inbound.work().await.is_empty());
    let told = [
        format!("Ory: patch {ANN} /metadata_public/mandrill/undeliverable"),
        format!("Ory: patch {ANN} /traits/consent/newsletter"),
    ];
    let lines = inbound.vendor.take_lines();
    assert_eq!((sorted(&lines[..2]), lines.len()), (told.to_vec(), 4), "{lines:#?}");
    assert_eq!(
        lines[2..],
        [format!("Segment: identify {ANN}"), format!("Segment: identify {ANN}")]
    );
    assert_eq!(inbound.consent(ANN), false);
    // The same again, by another sandbox.
    inbound.sandbox.crash().await;
    inbound.takes(&events).await;
    assert!(inbound.is_at_rest());
    let log = inbound.end().await.deliveries();
    let mut outcomes = outcomes(&log);
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["delivered", "delivered", "duplicate", "duplicate", "duplicate"]);
}

fn sorted(lines: &[String]) -> Vec<String> {
    let mut lines = lines.to_vec();
    lines.sort();
    lines
}

#[tokio::test]
async fn events_that_differ_in_mail_kind_or_time_are_different_events() {
    let mut other_mail = event("hard_bounce", 0);
    other_mail["_id"] = json!("another");
    let events = [
        event("hard_bounce", 0),
        event("hard_bounce", 1),
        event("reject", 0),
        other_mail,
        // The same, however the mail is described by now.
        to("ann@example.org", event("hard_bounce", 0)),
        of_others(event("hard_bounce", 0)),
    ];
    let mut inbound = setup().await.start().await;
    inbound.is_told(&events).await;
    let stored = bodies(&inbound.stored());
    let ids: Vec<_> = stored.iter().map(|body| body["event_id"].clone()).collect();
    for (n, id) in ids.iter().enumerate() {
        let first = ids.iter().position(|other| other == id);
        assert_eq!(first, Some(if n < 4 { n } else { 0 }), "{n}");
    }
}

#[tokio::test]
async fn missing_table_keeps_events_without_any_call() {
    let mut inbound = known().await.start().await;
    inbound.is_told(&[event("hard_bounce", 0), event("send", 0)]).await;
    inbound.dynamo_db.set_down(true);
    assert_eq!(inbound.work().await.len(), 2);
    assert!(inbound.is_at_rest());
    for line in inbound.end().await.deliveries() {
        assert_eq!((&line["outcome"], metrics(&line)), (&json!("try_later"), ["Retried"].into()));
    }
}

#[tokio::test]
async fn unknown_message_stays_in_the_queue_for_inspection() {
    let mut inbound = known().await.start().await;
    inbound.is_told(&[event("hard_bounce", 0)]).await;
    let good = inbound.stored_body();
    assert!(inbound.work().await.is_empty());
    inbound.vendor.take_lines();
    let inbound = known().await.start().await;
    enqueued::are_kept_for_inspection(inbound, &good).await;
}
