//! The mark of an address that does not take mail: who gets it, and when it goes away.

use serde_json::{Value, json};

use super::{
    events::{FIRST_RFC3339, event, of_others, rejected, to},
    setup::known,
};
use crate::{
    common::{
        event_log::metrics,
        segment_replies,
        setup::{QUEUE, Running, Vendor},
    },
    mailchimp_inbound::{
        people::{ANN, BEN, ann, with_consent},
        setup::{ORY_TOKEN, Vendors},
    },
};

/// What Ann's identity says.
pub(super) fn mark(inbound: &Running<Vendors>) -> Value {
    inbound.identity(ANN)["metadata_public"]["mandrill"]["undeliverable"].clone()
}

fn marked(reason: &str) -> Value {
    json!({"address": "ann@example.com", "reason": reason})
}

/// Gives Ann another address.
fn moves(inbound: &Running<Vendors>, address: &str) {
    let mut ann = inbound.identity(ANN);
    ann["traits"]["email"] = json!(address);
    for kind in ["verifiable_addresses", "recovery_addresses"] {
        ann[kind][0]["value"] = json!(address);
    }
    inbound.vendor.ory.put_identity(ann);
}

#[tokio::test]
async fn hard_bounce_marks_the_address_in_ory_then_tells_segment() {
    let mut inbound = known().await.start().await;
    inbound.takes(&[event("hard_bounce", 0)]).await;
    let [patch] = inbound.vendor.ory.take_patches().try_into().unwrap();
    let operation = json!({
        "op": "add", "path": "/metadata_public/mandrill/undeliverable",
        "value": marked("bad_mailbox"),
    });
    assert_eq!((&patch.body, patch.token.as_deref()), (&json!([operation]), Some(ORY_TOKEN)));
    let mut expected = ann();
    expected["metadata_public"] = json!({"mandrill": {"undeliverable": marked("bad_mailbox")}});
    assert_eq!(inbound.identity(ANN), expected, "and nothing else has changed");
    let sent = inbound.received_once();
    assert_eq!((sent.path.as_str(), &sent.body["userId"]), ("identify", &json!(ANN)));
    assert_eq!(sent.body["traits"], json!({"emailUndeliverable": true}));
    assert_eq!(sent.body["timestamp"], FIRST_RFC3339);
    let line = inbound.end().await.deliveries().pop().unwrap();
    assert_eq!((&line["outcome"], &line["identity_id"]), (&json!("delivered"), &json!(ANN)));
    assert_eq!(metrics(&line), ["Delivered", "Rejected", "VendorLatency"].into());
}

#[tokio::test]
async fn every_kind_of_event_does_what_the_readme_says() {
    let mut unclear = event("hard_bounce", 0);
    unclear["msg"].as_object_mut().unwrap().remove("bounce_description");
    let table = [
        (event("hard_bounce", 0), Some("bad_mailbox")),
        (unclear, Some("hard_bounce")),
        (event("reject", 0), Some("hard-bounce")),
        (rejected("soft-bounce", 0), Some("soft-bounce")),
        (rejected("spam", 0), Some("spam")),
        (rejected("invalid", 0), Some("invalid")),
        (rejected("invalid-sender", 0), None),
        (rejected("unsigned", 0), None),
        (rejected("test-mode-limit", 0), None),
        (rejected("rule", 0), None),
        (event("soft_bounce", 0), None),
        (event("send", 0), None),
        (event("unsub", 0), None),
        (to("ann.old@example.com", event("hard_bounce", 0)), None),
        (of_others(event("hard_bounce", 0)), Some("bad_mailbox")),
        (of_others(to("ANN@example.com", event("hard_bounce", 0))), Some("bad_mailbox")),
    ];
    for (event, reason) in table {
        let mut inbound = known().await.start().await;
        inbound.takes(std::slice::from_ref(&event)).await;
        let address = event["msg"]["email"].clone();
        let expected = reason.map(|reason| json!({"address": address, "reason": reason}));
        assert_eq!(mark(&inbound), json!(expected), "{event}");
        assert_eq!(inbound.received().len(), usize::from(reason.is_some()), "{event}");
        assert_eq!(inbound.identity(BEN)["metadata_public"], Value::Null, "{event}");
    }
}

/// A mail takes days to bounce, and people who do not get one change their address.
#[tokio::test]
async fn address_that_the_person_gave_since_is_not_marked() {
    let mut inbound = known().await.start().await;
    moves(&inbound, "ann@example.org");
    inbound.takes(&[event("hard_bounce", 0), event("reject", 1), event("delivered", 2)]).await;
    assert_eq!(mark(&inbound), Value::Null);
    assert!(inbound.is_at_rest());
}

#[tokio::test]
async fn mark_is_removed_once_a_mail_to_the_address_arrives() {
    let mut inbound = known().await.start().await;
    inbound.takes(&[event("hard_bounce", 0)]).await;
    inbound.vendor.take_lines();
    inbound.takes(&[to("ann.old@example.com", event("delivered", 1))]).await;
    assert_eq!(mark(&inbound), marked("bad_mailbox"), "that is another address");
    assert!(inbound.is_at_rest());
    inbound.takes(&[event("delivered", 2)]).await;
    assert_eq!(mark(&inbound), Value::Null);
    let told = [
        format!("Ory: patch {ANN} /metadata_public/mandrill/undeliverable"),
        format!("Segment: identify {ANN}"),
    ];
    assert_eq!(inbound.vendor.take_lines(), told);
    inbound.takes(&[event("hard_bounce", 3)]).await;
    assert_eq!(mark(&inbound), marked("bad_mailbox"), "and comes back");
}

#[tokio::test]
async fn late_bounce_does_not_mark() {
    for is_marked in [false, true] {
        let mut inbound = known().await.start().await;
        if is_marked {
            inbound.takes(&[event("hard_bounce", 0)]).await;
        }
        inbound.takes(&[event("delivered", 5)]).await;
        inbound.vendor.take_lines();
        inbound.takes(&[event("hard_bounce", 4), event("reject", 3)]).await;
        assert_eq!(mark(&inbound), Value::Null);
        assert!(inbound.is_at_rest());
        let log = inbound.end().await.deliveries();
        for line in &log[log.len() - 2..] {
            assert_eq!(line["cause"], "stale: a newer event was applied", "{line:#}");
        }
    }
}

#[tokio::test]
async fn late_delivery_does_not_remove_the_mark() {
    let mut inbound = known().await.start().await;
    inbound.takes(&[event("hard_bounce", 5), event("delivered", 4)]).await;
    assert_eq!(mark(&inbound), marked("bad_mailbox"));
    assert_eq!(inbound.received().len(), 1);
}

#[tokio::test]
async fn mark_of_an_address_that_the_person_has_left_goes_away() {
    let mut inbound = known().await.start().await;
    inbound.takes(&[event("hard_bounce", 0)]).await;
    moves(&inbound, "ann@example.org");
    inbound.vendor.take_lines();
    inbound.takes(&[to("ann@example.org", event("delivered", 1))]).await;
    assert_eq!(mark(&inbound), Value::Null);
    assert_eq!(inbound.received_once().body["traits"], json!({"emailUndeliverable": false}));
}

#[tokio::test]
async fn mark_of_another_address_of_the_person_stays() {
    let mut inbound = known().await.start().await;
    let mut ann = inbound.identity(ANN);
    let mut work = ann["verifiable_addresses"][0].clone();
    work["value"] = json!("ann@work.example.com");
    ann["verifiable_addresses"].as_array_mut().unwrap().push(work);
    inbound.vendor.ory.put_identity(ann);
    inbound.takes(&[event("hard_bounce", 0)]).await;
    inbound.vendor.take_lines();
    inbound.takes(&[to("ann@work.example.com", event("delivered", 1))]).await;
    assert_eq!(mark(&inbound), marked("bad_mailbox"));
    assert!(inbound.is_at_rest());
}

/// Ory has it by then, and Segment does not.
#[tokio::test]
async fn segment_is_told_at_the_next_attempt_where_it_failed() {
    for kind in ["hard_bounce", "delivered"] {
        let mut inbound = known().await.start().await;
        inbound.takes(&[event("hard_bounce", 0)]).await;
        inbound.vendor.take_lines();
        inbound.is_told(&[event(kind, 1)]).await;
        inbound.vendor.segment.reply_next(segment_replies::refused(500));
        assert_eq!(inbound.work().await.len(), 1, "{kind}");
        assert_eq!(mark(&inbound).is_null(), kind == "delivered");
        inbound.vendor.take_lines();
        inbound.sqs.make_visible(QUEUE);
        assert!(inbound.work().await.is_empty());
        let traits = inbound.received_once().body["traits"].clone();
        assert_eq!(traits, json!({"emailUndeliverable": kind == "hard_bounce"}), "{kind}");
    }
}

#[tokio::test]
async fn complaint_withdraws_consent_and_tells_segment() {
    for event in [
        event("spam", 0),
        of_others(event("spam", 0)),
        // Whatever address it was sent to.
        to("ann.old@example.com", event("spam", 0)),
    ] {
        let setup = known().await;
        setup.vendor.ory.put_identity(with_consent(ann(), true));
        let mut inbound = setup.start().await;
        inbound.takes(std::slice::from_ref(&event)).await;
        assert_eq!(inbound.identity(ANN), with_consent(ann(), false), "{event}");
        let sent = inbound.received_once();
        assert_eq!(sent.body["userId"], ANN, "{event}");
        assert_eq!(sent.body["traits"], json!({"newsletterConsent": false}), "{event}");
        // The complaint is about the words, and the mail has arrived.
        assert_eq!(mark(&inbound), Value::Null);
    }
}

#[tokio::test]
async fn bounce_leaves_consent_alone_and_a_complaint_the_mark() {
    let setup = known().await;
    setup.vendor.ory.put_identity(with_consent(ann(), true));
    let mut inbound = setup.start().await;
    inbound.takes(&[event("hard_bounce", 9)]).await;
    assert_eq!(inbound.consent(ANN), true);
    inbound.takes(&[event("spam", 5)]).await;
    assert_eq!((inbound.consent(ANN), mark(&inbound)), (json!(false), marked("bad_mailbox")));
}

#[tokio::test]
async fn template_of_ones_own_sees_the_event_and_the_identity() {
    let code = "function(ctx) {
        segment: {
            userId: ctx.identity.id, type: 'track', event: 'Mail ' + ctx.event.event,
            properties: { state: ctx.event.msg.state, id: ctx.event._id, at: ctx.event.ts },
            timestamp: ctx.event.fired_at,
        },
    }";
    let mut inbound = known().await.template(code).start().await;
    inbound.takes(&[event("unsub", 0)]).await;
    let sent = inbound.received_once();
    assert_eq!((sent.path.as_str(), &sent.body["event"]), ("track", &json!("Mail unsub")));
    assert_eq!(sent.body["properties"]["state"], "sent");
}
