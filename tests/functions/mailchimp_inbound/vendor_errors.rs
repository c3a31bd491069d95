//! Errors of Segment, and the next delivery of the event by Mailchimp.

use std::time::Duration;

use fakes::server::FakeReply;
use integration::Answer;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::{
    forms::form,
    setup::{SENDS_TO_SEGMENT, Vendors, error, event, queued, setup, start_with, unauthenticated},
};
use crate::common::{
    event_log::outcomes,
    segment_replies,
    setup::{Running, VENDOR_SECRET, message_id, side_by_side},
    vendor_replies,
};

/// The row of what is neither stored nor done.
fn is_unfinished(answer: &Answer) -> bool {
    answer.status == 503 && answer.body == error("unfinished")
}

/// Checks that the event is delivered once and then never again.
async fn is_delivered_once(inbound: &mut Running<Vendors>, context: &str) {
    assert_eq!(inbound.call(event(form("subscribe"))).await.row(), (200, "delivered"), "{context}");
    assert_eq!(inbound.call(event(form("subscribe"))).await.row(), (200, "duplicate"), "{context}");
    assert_eq!(inbound.received().len(), 1, "{context}");
}

/// Plays answers that come to this outcome, and then Mailchimp's next delivery.
async fn play(_: usize, (replies, outcome): (Vec<FakeReply>, &'static str)) {
    let context = format!("{replies:.300?}");
    let mut inbound = start_with(SENDS_TO_SEGMENT).await;
    for reply in &replies {
        inbound.vendor.segment.reply_next(reply.clone());
    }
    let answer = inbound.call(event(form("subscribe"))).await;
    assert!(is_unfinished(&answer), "{context}: {answer:?}");
    assert_eq!(inbound.received().len(), replies.len(), "{context}");
    is_delivered_once(&mut inbound, &context).await;
    assert_eq!(inbound.end().await.event_log()[0]["outcome"], outcome, "{context}");
}

#[tokio::test]
async fn event_refused_by_segment_is_delivered_once_on_mailchimp_retry() {
    let cases = [
        (vec![segment_replies::refused(500); 3], "try_later"),
        (vec![vendor_replies::html(502); 3], "try_later"),
        (vec![vendor_replies::with_header(429, "retry-after", "600")], "try_later"),
        (vec![segment_replies::refused(400)], "blocked"),
        (vec![segment_replies::refused(200)], "blocked"),
        (vec![segment_replies::bad_key(400); 2], "blocked"),
        (vec![vendor_replies::with_header(302, "location", "http://127.0.0.1:1/")], "blocked"),
    ];
    side_by_side(cases, play).await;
}

#[tokio::test]
async fn transient_segment_error_is_retried_inline_with_the_same_message_id() {
    let mut inbound = start_with(SENDS_TO_SEGMENT).await;
    inbound.vendor.segment.reply_next(FakeReply::HangUp);
    inbound.vendor.segment.reply_next(vendor_replies::html(502));
    assert_eq!(inbound.call(event(form("subscribe"))).await.row(), (200, "delivered"));
    let calls = inbound.received();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| message_id(call) == message_id(&calls[0])));
    assert_eq!(inbound.call(event(form("subscribe"))).await.row(), (200, "duplicate"));
}

#[tokio::test]
async fn refused_connection_is_try_later() {
    // Nobody listens on the first port.
    let setup =
        setup().await.template(SENDS_TO_SEGMENT).var("SEGMENT_URL", "http://127.0.0.1:1/v1");
    let mut inbound = setup.start().await;
    for _ in 0..2 {
        assert!(is_unfinished(&inbound.call(event(form("subscribe"))).await));
    }
    for line in inbound.end().await.event_log() {
        assert_eq!((&line["outcome"], &line["calls"]), (&json!("try_later"), &json!(3)));
    }
}

#[tokio::test]
async fn segment_timeout_is_retried_at_once_with_the_same_message_id() {
    let mut inbound = start_with(SENDS_TO_SEGMENT).await;
    for _ in 0..3 {
        inbound.vendor.segment.reply_next(FakeReply::HangUp);
    }
    assert!(is_unfinished(&inbound.call(event(form("subscribe"))).await));
    let calls = inbound.received();
    assert_eq!(calls.len(), 3);
    assert_eq!(inbound.call(event(form("subscribe"))).await.row(), (200, "delivered"));
    assert_eq!(message_id(&inbound.received_once()), message_id(&calls[0]));
    let event_log = inbound.end().await.event_log();
    assert_eq!(outcomes(&event_log), ["in_doubt", "delivered"]);
}

#[tokio::test]
async fn segment_timeout_answers_mailchimp_within_eight_seconds() {
    let mut inbound = start_with(SENDS_TO_SEGMENT).await;
    inbound.vendor.segment.reply_next(vendor_replies::nothing());
    let answered = timeout(EIGHT_SECONDS, inbound.call(event(form("subscribe")))).await;
    assert!(is_unfinished(&answered.unwrap()));
    assert_eq!(inbound.received().len(), 1);
}

/// With what it takes to hand an event over.
const EIGHT_SECONDS: Duration = Duration::from_millis(8_150);

/// Whatever has to be waited for: three secrets one after the other, the queue, the table before
/// the call and after it.
#[tokio::test]
async fn slow_dependencies_answer_mailchimp_within_eight_seconds() {
    let setup = queued().await.var("SECRET_TTL_SECONDS", "1");
    let mut inbound = setup.start().await;
    sleep(Duration::from_millis(1_100)).await;
    let slow = Duration::from_millis(900);
    inbound.secrets.set_delay(slow);
    inbound.dynamo_db.set_delay(slow);
    inbound.sqs.set_delay(Duration::from_mins(1));
    inbound.vendor.segment.reply_next(vendor_replies::nothing());
    let answered = timeout(EIGHT_SECONDS, inbound.call(event(form("subscribe")))).await;
    assert!(is_unfinished(&answered.unwrap()));
    assert_eq!(inbound.received().len(), 1, "Segment was called within the time");
    let line = inbound.end().await.only_line();
    assert_eq!(line["status"], 503, "{line:#}");
}

/// An unauthenticated caller waits no longer either, and is not counted as in doubt.
#[tokio::test]
async fn slow_secrets_answer_unauthenticated_caller_within_eight_seconds() {
    let mut inbound = queued().await.var("SECRET_TTL_SECONDS", "1").start().await;
    sleep(Duration::from_millis(1_100)).await;
    inbound.secrets.set_delay(Duration::from_mins(1));
    let unauthenticated =
        unauthenticated(form("subscribe")).query("secret=a-unauthenticated-s-secret");
    let answered = timeout(EIGHT_SECONDS, inbound.call(unauthenticated)).await.unwrap();
    assert!([401, 503].contains(&answered.status), "{answered:?}");
    let line = inbound.end().await.only_line();
    assert_eq!(line.get("InDoubt"), None, "{line:#}");
}

#[tokio::test]
async fn rotated_segment_key_is_refreshed() {
    let mut inbound = start_with(SENDS_TO_SEGMENT).await;
    inbound.vendor.segment.set_write_key("the-next-segment-key");
    inbound.secrets.put(VENDOR_SECRET, "the-next-segment-key");
    assert_eq!(inbound.call(event(form("subscribe"))).await.row(), (200, "delivered"));
    assert_eq!(inbound.received().len(), 2);
}

#[tokio::test]
async fn wrong_type_of_segment_key_blocks_and_is_logged_by_kind() {
    let table = [
        ("0123456789abcdef0123456789abcdef-us6", "a Mailchimp Marketing key"),
        ("md-0123456789abcdef012345", "a Mandrill key"),
        ("replace-me", "placeholder"),
    ];
    for (secret, cause) in table {
        let setup = setup().await.template(SENDS_TO_SEGMENT);
        setup.secrets.put(VENDOR_SECRET, secret);
        let mut inbound = setup.start().await;
        assert!(is_unfinished(&inbound.call(event(form("subscribe"))).await), "{secret}");
        assert!(inbound.received().is_empty(), "{secret}");
        let log = inbound.end().await;
        let line = log.only_line();
        assert_eq!((&line["outcome"], &line["Blocked"]), (&json!("blocked"), &json!(1.0)));
        assert!(line["cause"].as_str().unwrap().contains(cause), "{line:#}");
        assert!(!log.contains(secret), "{secret} is logged");
    }
}
