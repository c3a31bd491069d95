//! Consent that was withdrawn in Ory is not restored by an older Mailchimp event.

use serde_json::{Value, json};

use super::{
    forms::{at, form, with},
    people::{ANN, ann, known, known_and_queued, with_consent},
    setup::{Vendors, event, is_skipped},
};
use crate::common::{
    event_log::metrics,
    segment_replies,
    setup::{QUEUE, Running, Vendor},
};

/// In Ory's settings, after every event of these tests was fired.
fn withdraws(inbound: &Running<Vendors>) {
    let mut identity = with_consent(inbound.vendor.ory.identity(ANN).unwrap(), false);
    identity["updated_at"] = json!("2026-03-01T00:00:00.123456Z");
    inbound.vendor.ory.put_identity(identity);
    inbound.vendor.take_lines();
}

#[tokio::test]
async fn retry_after_a_segment_error_does_not_restore_withdrawn_consent() {
    let mut inbound = known_and_queued().await.start().await;
    inbound.vendor.segment.reply_next(segment_replies::refused(400));
    inbound.call(event(form("subscribe"))).await;
    assert!(inbound.work_after(1).await.is_some());
    assert_eq!(inbound.consent(ANN), true);
    inbound.received_once();
    withdraws(&inbound);
    inbound.sqs.make_visible(QUEUE);
    assert!(inbound.work().await.is_empty());
    assert!(inbound.vendor.take_lines().is_empty(), "neither Ory nor Segment");
    assert_eq!(inbound.consent(ANN), false);
}

#[tokio::test]
async fn consent_already_in_ory_is_sent_to_segment_only() {
    let mut inbound = known_and_queued().await.start().await;
    inbound.vendor.segment.reply_next(segment_replies::refused(400));
    inbound.call(event(form("subscribe"))).await;
    assert!(inbound.work_after(1).await.is_some());
    inbound.vendor.take_lines();
    inbound.sqs.make_visible(QUEUE);
    assert!(inbound.work().await.is_empty());
    assert_eq!(inbound.vendor.take_lines(), [format!("Segment: identify {ANN}")]);
}

#[tokio::test]
async fn stale_subscribe_after_a_withdrawal_is_dropped_and_counted() {
    let mut inbound = known().await.start().await;
    withdraws(&inbound);
    let answer = inbound.call(event(form("subscribe"))).await;
    assert!(is_skipped(&answer, "stale consent"), "{answer:?}");
    assert!(inbound.vendor.take_lines().is_empty());
    assert_eq!(inbound.consent(ANN), false);
    let line = inbound.end().await.only_line();
    assert_eq!(metrics(&line), ["Received", "Skipped", "StaleConsent"].into());
}

#[tokio::test]
async fn time_in_the_future_restores_no_consent() {
    let mut inbound = known().await.start().await;
    let mut withdrawn = with_consent(ann(), false);
    withdrawn["updated_at"] = json!("2999-01-01T00:00:00Z");
    inbound.vendor.ory.put_identity(withdrawn);
    let ahead = with(&form("subscribe"), "fired_at", "9999-12-31+23%3A59%3A59");
    assert!(is_skipped(&inbound.call(event(ahead)).await, "stale consent"));
    assert_eq!(inbound.consent(ANN), false);
}

#[tokio::test]
async fn rest_of_the_patch_is_applied_and_consent_is_not_sent_to_segment() {
    let code = "function(ctx) {
        ory: { patch: [
            { op: 'add', path: '/traits/consent/newsletter', value: true },
            { op: 'add', path: '/metadata_public/mailchimp/list', value: ctx.event.data.list_id },
        ] },
        segment: { userId: ctx.identity.id, traits: { newsletterConsent: true } },
    }";
    let mut inbound = known().await.template(code).start().await;
    withdraws(&inbound);
    let answer = inbound.call(event(form("subscribe"))).await;
    assert_eq!(answer.row(), (200, "delivered"));
    assert_eq!(
        inbound.vendor.take_lines(),
        [format!("Ory: patch {ANN} /metadata_public/mailchimp/list")]
    );
    let line = inbound.end().await.only_line();
    assert_eq!(line["StaleConsent"], 1.0);
}

#[tokio::test]
async fn newer_subscribe_or_no_withdrawal_gives_consent() {
    let mut later = with_consent(ann(), false);
    later["updated_at"] = json!("2026-01-31T11:59:59.9Z");
    let mut absent = ann();
    absent["updated_at"] = json!("2026-03-01T00:00:00Z");
    let mut null = absent.clone();
    null["traits"]["consent"] = json!({"newsletter": null});
    for identity in [later, absent, null] {
        let mut inbound = known().await.start().await;
        inbound.vendor.ory.put_identity(identity.clone());
        let answer = inbound.call(event(at(&form("subscribe"), 0))).await;
        assert_eq!(answer.row(), (200, "delivered"), "{identity}");
        assert_eq!(inbound.consent(ANN), true);
    }
}

#[tokio::test]
async fn subscribe_of_the_same_second_does_not_override_the_withdrawal() {
    let mut inbound = known().await.start().await;
    let mut identity = with_consent(ann(), false);
    identity["updated_at"] = json!("2026-01-31T12:00:00Z");
    inbound.vendor.ory.put_identity(identity);
    assert!(is_skipped(&inbound.call(event(at(&form("subscribe"), 0))).await, "stale consent"));
}

#[tokio::test]
async fn own_patch_is_not_taken_for_a_withdrawal() {
    let mut inbound = known().await.start().await;
    for (n, (kind, given)) in (0..).zip([("unsubscribe", false), ("subscribe", true)]) {
        let answer = inbound.call(event(at(&form(kind), n))).await;
        assert_eq!(answer.row(), (200, "delivered"), "{kind}");
        assert_eq!(inbound.consent(ANN), Value::Bool(given));
    }
}

#[tokio::test]
async fn own_patch_does_not_hide_an_earlier_withdrawal() {
    let mut inbound = known().await.start().await;
    withdraws(&inbound);
    let bounce = inbound.call(event(at(&form("cleaned"), 1))).await;
    assert_eq!(bounce.row(), (200, "delivered"), "the last change is ours now");
    let late = inbound.call(event(at(&form("subscribe"), 2))).await;
    assert!(is_skipped(&late, "stale consent"), "{late:?}");
    assert_eq!(inbound.consent(ANN), false);
}

#[tokio::test]
async fn two_stale_subscribes_give_no_consent() {
    let code = "function(ctx) { ory: { patch: [
        { op: 'add', path: '/traits/consent/newsletter', value: true },
        { op: 'add', path: '/metadata_public/mailchimp/at', value: ctx.event.fired_at },
    ] } }";
    let mut inbound = known().await.template(code).start().await;
    withdraws(&inbound);
    for second in [1, 2] {
        let answer = inbound.call(event(at(&form("subscribe"), second))).await;
        assert_eq!(answer.row(), (200, "delivered"));
        assert_eq!(inbound.consent(ANN), false, "{second}");
    }
}
