//! Ory's responses, and the outcome of the event.

use std::time::Duration;

use fakes::{FakeOry, server::FakeReply};
use serde_json::{Value, json};

use super::{
    forms::{at, form},
    people::{ANN, ann, find_ann, known, known_and_queued, script, with_consent},
    setup::{ORY_SECRET, Vendors, error, event, is_skipped},
};
use crate::common::{
    event_log::{metrics, outcomes},
    segment_replies,
    setup::{QUEUE, Running, Vendor, side_by_side},
    vendor_replies,
};

/// An error of Ory's.
fn refused(status: u16) -> FakeReply {
    FakeReply::json(status, &json!({"error": {"code": status, "message": "no"}}))
}

fn limited(seconds: &str) -> FakeReply {
    vendor_replies::with_header(429, "x-ratelimit-reset", seconds)
}

/// JSON that ends before it is whole.
fn truncated() -> FakeReply {
    FakeReply::text(200, "application/json", format!(r#"{{"id":"{ANN}","traits":{{"#))
}

async fn is_unfinished(inbound: &mut Running<Vendors>, context: &str) {
    let answer = inbound.call(event(form("unsubscribe"))).await;
    assert_eq!((answer.status, answer.body), (503, error("unfinished")), "{context}");
}

/// Mailchimp's next delivery, and one more.
async fn is_done_once(inbound: &mut Running<Vendors>, context: &str) {
    let unsubscribe = event(form("unsubscribe"));
    assert_eq!(inbound.call(unsubscribe.clone()).await.row(), (200, "delivered"), "{context}");
    assert_eq!(inbound.vendor.take_lines().len(), 2, "{context}");
    assert_eq!(inbound.consent(ANN), false, "{context}");
    assert_eq!(inbound.call(unsubscribe).await.row(), (200, "duplicate"), "{context}");
    assert!(inbound.is_at_rest(), "{context}");
}

/// Answers to the call that comes after `found`, what they come to, and then Mailchimp's next
/// delivery.
async fn play_after(found: fn(&FakeOry), (replies, outcome): (Vec<FakeReply>, &'static str)) {
    let context = format!("{replies:.300?}");
    let mut inbound = known().await.start().await;
    found(&inbound.vendor.ory);
    script(&inbound.vendor.ory, &replies);
    is_unfinished(&mut inbound, &context).await;
    let asked = inbound.vendor.ory.take_received().len();
    assert!((replies.len()..=replies.len() + 2).contains(&asked), "{asked}: {context}");
    assert!(inbound.received().is_empty(), "{context}");
    is_done_once(&mut inbound, &context).await;
    assert_eq!(inbound.end().await.event_log()[0]["outcome"], outcome, "{context}");
}

fn of_no_use() -> Vec<(Vec<FakeReply>, &'static str)> {
    vec![
        (vec![refused(409); 3], "try_later"),
        (vec![refused(429); 3], "try_later"),
        (vec![limited("600")], "try_later"),
        (vec![vendor_replies::with_header(503, "retry-after", "600")], "try_later"),
        (vec![refused(500); 3], "try_later"),
        (vec![vendor_replies::html(502); 3], "try_later"),
        (vec![FakeReply::HangUp; 3], "in_doubt"),
        (vec![truncated(); 3], "in_doubt"),
        (vec![FakeReply::json(200, &Value::Null); 3], "in_doubt"),
        (vec![refused(400)], "blocked"),
        (vec![refused(401); 2], "blocked"),
        (vec![refused(403); 2], "blocked"),
        (vec![vendor_replies::with_header(302, "location", "http://127.0.0.1:1/")], "blocked"),
    ]
}

#[tokio::test]
async fn failed_patch_is_retried_when_mailchimp_redelivers() {
    side_by_side(of_no_use(), |_, case| play_after(find_ann, case)).await;
}

#[tokio::test]
async fn failed_identity_search_is_retried_when_mailchimp_redelivers() {
    side_by_side(of_no_use(), |_, case| play_after(|_| (), case)).await;
}

#[tokio::test]
async fn failed_identity_read_is_retried_when_mailchimp_redelivers() {
    let found =
        |ory: &FakeOry| ory.reply_next(FakeReply::json(200, &json!([ory.identity(ANN).unwrap()])));
    side_by_side(of_no_use(), move |_, case| play_after(found, case)).await;
}

#[tokio::test]
async fn log_entry_has_the_ory_status_and_the_number_of_calls() {
    let mut inbound = known().await.start().await;
    script(&inbound.vendor.ory, &vec![refused(500); 3]);
    is_unfinished(&mut inbound, "at the search").await;
    find_ann(&inbound.vendor.ory);
    script(&inbound.vendor.ory, &vec![refused(429); 3]);
    is_unfinished(&mut inbound, "at the patch").await;
    for (line, status) in inbound.end().await.event_log().iter().zip([500, 429]) {
        assert_eq!((&line["vendor_status"], &line["calls"]), (&json!(status), &json!(3)));
        assert_eq!(metrics(line), ["Received", "Retried", "VendorLatency"].into(), "{line:#}");
    }
}

#[tokio::test]
async fn transient_ory_error_is_retried_inline() {
    let mut inbound = known().await.start().await;
    script(&inbound.vendor.ory, &[refused(500), limited("0")]);
    find_ann(&inbound.vendor.ory);
    script(&inbound.vendor.ory, &[refused(409), vendor_replies::html(502)]);
    assert_eq!(inbound.call(event(form("unsubscribe"))).await.row(), (200, "delivered"));
    assert_eq!(inbound.consent(ANN), false);
    inbound.received_once();
}

#[tokio::test]
async fn identity_deleted_before_the_patch_is_skipped_and_not_sent_to_segment() {
    for found in [find_ann, |ory: &FakeOry| ory.reply_next(FakeReply::json(200, &json!([ann()])))] {
        let mut inbound = known().await.start().await;
        found(&inbound.vendor.ory);
        inbound.vendor.ory.remove_identity(ANN);
        let answer = inbound.call(event(form("unsubscribe"))).await;
        assert!(is_skipped(&answer, "identity gone"), "{answer:?}");
        assert!(inbound.received().is_empty());
        let line = inbound.end().await.only_line();
        assert_eq!(
            (&line["outcome"], &line["cause"]),
            (&json!("skipped"), &json!("identity gone"))
        );
    }
}

#[tokio::test]
async fn ory_connection_refused_is_try_later_and_connection_reset_is_in_doubt() {
    // Nobody listens on the first port.
    let mut absent = known().await.var("ORY_URL", "http://127.0.0.1:1").start().await;
    is_unfinished(&mut absent, "refused").await;
    assert!(absent.received().is_empty());
    assert_eq!(absent.end().await.only_line()["outcome"], "try_later");

    let mut broken = known().await.start().await;
    broken.vendor.ory.set_resetting(true);
    is_unfinished(&mut broken, "reset").await;
    broken.vendor.ory.set_resetting(false);
    is_done_once(&mut broken, "reset").await;
    assert_eq!(outcomes(&broken.end().await.event_log())[0], "in_doubt");
}

#[tokio::test]
async fn in_doubt_patch_is_searched_for_and_not_repeated() {
    let mut inbound = known().await.start().await;
    find_ann(&inbound.vendor.ory);
    for _ in 0..3 {
        inbound.vendor.ory.act_and_reply_next(FakeReply::HangUp);
    }
    is_unfinished(&mut inbound, "acted").await;
    assert_eq!(inbound.consent(ANN), false, "it was applied");
    assert!(inbound.received().is_empty());
    inbound.vendor.ory.take_patches();
    let answer = inbound.call(event(form("unsubscribe"))).await;
    assert_eq!(answer.body["vendor"], json!({"segment": {"success": true}}));
    assert!(inbound.vendor.ory.take_patches().is_empty());
    inbound.received_once();
    assert_eq!(inbound.call(event(form("unsubscribe"))).await.row(), (200, "duplicate"));
    assert!(inbound.is_at_rest());
}

#[tokio::test]
async fn ory_timeout_is_answered_to_mailchimp_within_eight_seconds() {
    let mut inbound = known().await.start().await;
    find_ann(&inbound.vendor.ory);
    inbound.vendor.ory.reply_next(vendor_replies::nothing());
    let limit = Duration::from_millis(8_400);
    tokio::time::timeout(limit, is_unfinished(&mut inbound, "silent")).await.unwrap();
    assert!(inbound.received().is_empty());
}

#[tokio::test]
async fn trait_missing_from_the_schema_blocks_until_it_is_fixed() {
    let mut inbound = known().await.start().await;
    inbound.vendor.ory.set_traits(&["email"]);
    is_unfinished(&mut inbound, "schema").await;
    assert_eq!(inbound.vendor.ory.take_patches().len(), 1, "it is not tried again in line");
    assert!(inbound.received().is_empty());
    inbound.vendor.ory.set_traits(&["email", "consent"]);
    is_done_once(&mut inbound, "schema").await;
    let line = &inbound.end().await.event_log()[0];
    assert_eq!((&line["outcome"], &line["vendor_status"]), (&json!("blocked"), &json!(400)));
    assert_eq!(metrics(line), ["Received", "Blocked", "VendorLatency"].into());
}

#[tokio::test]
async fn refused_ory_token_is_refreshed_once_then_blocks() {
    let mut inbound = known().await.start().await;
    let before = inbound.secrets.fetches();
    inbound.vendor.ory.set_token(Some("another-token"));
    is_unfinished(&mut inbound, "another token").await;
    assert_eq!(inbound.asked().len(), 2);
    assert_eq!(inbound.secrets.fetches(), before + 1);
    inbound.secrets.put(ORY_SECRET, "another-token");
    is_done_once(&mut inbound, "another token").await;
    assert_eq!(outcomes(&inbound.end().await.event_log())[0], "blocked");
}

#[tokio::test]
async fn queued_backoff_depends_on_the_ory_response() {
    let growing = 16..=32;
    let table = [
        (vec![refused(409)], growing.clone()),
        (vec![refused(429)], growing.clone()),
        (vec![limited("600")], 600..=600),
        (vec![limited("90000")], 3600..=3600),
        (vec![refused(500)], growing.clone()),
        (vec![vendor_replies::html(502)], growing.clone()),
        (vec![FakeReply::HangUp], growing.clone()),
        (vec![truncated()], growing),
        (vec![refused(400)], 900..=900),
        (vec![refused(401); 2], 900..=900),
        (vec![refused(403); 2], 900..=900),
    ];
    let mut inbound = known_and_queued().await.start().await;
    assert_eq!(inbound.call(event(form("unsubscribe"))).await.row(), (200, "accepted"));
    for found in [find_ann, |_: &FakeOry| ()] {
        for (replies, hidden) in &table {
            let context = format!("{replies:.300?}");
            found(&inbound.vendor.ory);
            script(&inbound.vendor.ory, replies);
            let wait = inbound.work_after(5).await.unwrap();
            assert!(hidden.contains(&wait), "{wait} s: {context}");
            assert!(inbound.received().is_empty(), "{context}");
            inbound.sqs.make_visible(QUEUE);
        }
    }
    inbound.vendor.ory.take_patches();
    assert!(inbound.work().await.is_empty());
    assert_eq!(inbound.vendor.take_lines().len(), 2);
    assert_eq!(inbound.consent(ANN), false);
}

#[tokio::test]
async fn queued_event_ends_when_the_identity_is_deleted() {
    let mut inbound = known_and_queued().await.start().await;
    assert_eq!(inbound.call(event(form("unsubscribe"))).await.row(), (200, "accepted"));
    find_ann(&inbound.vendor.ory);
    inbound.vendor.ory.remove_identity(ANN);
    assert!(inbound.work().await.is_empty());
    assert!(inbound.received().is_empty());
    assert_eq!(inbound.end().await.deliveries()[0]["cause"], "identity gone");
}

#[tokio::test]
async fn segment_outage_patches_ory_once_and_skips_older_events() {
    let mut inbound = known().await.start().await;
    let unsubscribe = event(at(&form("unsubscribe"), 5));
    for n in 0..3 {
        for _ in 0..3 {
            inbound.vendor.segment.reply_next(segment_replies::refused(500));
        }
        assert_eq!(inbound.call(unsubscribe.clone()).await.status, 503);
        let patches = inbound.vendor.ory.take_patches().len();
        assert_eq!((patches, inbound.received().len()), (usize::from(n == 0), 3), "{n}");
        assert_eq!(inbound.consent(ANN), false);
        let older = inbound.call(event(at(&form("subscribe"), 4))).await;
        assert!(is_skipped(&older, "stale: a newer event was applied"), "{older:?}");
    }
    let answer = inbound.call(unsubscribe.clone()).await;
    assert_eq!(answer.body["vendor"], json!({"segment": {"success": true}}));
    assert_eq!(inbound.vendor.take_lines(), [format!("Segment: identify {ANN}")]);
    assert_eq!(inbound.call(unsubscribe).await.row(), (200, "duplicate"));
    assert!(inbound.is_at_rest());
    assert_eq!(inbound.consent(ANN), false);
}

#[tokio::test]
async fn queued_retries_patch_ory_once_and_reach_segment() {
    let setup = known_and_queued().await;
    setup.vendor.ory.put_identity(with_consent(ann(), true));
    let mut inbound = setup.start().await;
    inbound.call(event(at(&form("unsubscribe"), 5))).await;
    for n in 0..3 {
        inbound.vendor.segment.reply_next(segment_replies::refused(500));
        assert!(inbound.work_after(1).await.is_some_and(|wait| wait <= 2));
        let patches = inbound.vendor.ory.take_patches().len();
        assert_eq!((patches, inbound.received().len()), (usize::from(n == 0), 1), "{n}");
        // One that was fired before it comes meanwhile.
        inbound.call(event(at(&form("subscribe"), n))).await;
        assert_eq!(inbound.work().await.len(), 1);
        assert!(inbound.is_at_rest());
        inbound.sqs.make_visible(QUEUE);
    }
    assert!(inbound.work().await.is_empty());
    assert_eq!(inbound.vendor.take_lines(), [format!("Segment: identify {ANN}")]);
    assert_eq!(inbound.consent(ANN), false);
    let mut expected = ["try_later", "skipped"].repeat(3);
    expected.push("delivered");
    assert_eq!(outcomes(&inbound.end().await.deliveries()), expected);
}
