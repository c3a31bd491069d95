//! Batches: events that are received together are sent to Segment in one call.

use std::{
    ops::RangeInclusive,
    time::{Duration, Instant},
};

use fakes::{FakeSegment, Tracked, server::FakeReply};
use integration::Event;
use serde_json::{Value, json};

use super::setup::queued;
use crate::common::{
    enqueued,
    event_log::{metrics, outcomes},
    ory::{ann, event_of},
    segment_replies,
    setup::{QUEUE, Running, VENDOR_SECRET, Vendor, message_id},
    vendor_replies,
};

/// Segment refuses a larger batch.
const MOST: usize = 500 * 1000;

/// The n-th of many people.
fn person(n: usize) -> Value {
    let mut ctx = ann();
    ctx["identity"]["id"] = json!(format!("person {n}"));
    ctx
}

/// The n-th event, of this person.
fn event(n: usize, ctx: &Value) -> Event {
    event_of(&format!("{n:08}-2222-4222-8222-000000000008"), ctx)
}

/// The function with so many events in its queue.
async fn with_events(count: usize) -> Running<FakeSegment> {
    let mut identify = queued().await.start().await;
    for n in 0..count {
        store(&mut identify, n, &person(n)).await;
    }
    identify
}

async fn store(identify: &mut Running<FakeSegment>, n: usize, ctx: &Value) {
    assert_eq!(identify.call(event(n, ctx)).await.row(), (202, "accepted"));
}

/// A field of each event in a call.
fn each<'a>(call: &'a Tracked, field: &str) -> Vec<&'a str> {
    call.events().iter().map(|event| event[field].as_str().unwrap_or_default()).collect()
}

/// How long each message that is left is hidden.
fn hidden(identify: &Running<FakeSegment>) -> Vec<u32> {
    identify.stored().iter().filter_map(|message| message.visibility).collect()
}

#[tokio::test]
async fn several_events_are_one_batch_call() {
    let mut identify = with_events(3).await;
    let received_at = identify.stored().into_iter().map(|message| {
        let message: Value = serde_json::from_str(&message.body).unwrap();
        // To the millisecond, as Segment has it.
        message["received_at"].as_str().unwrap()[..23].to_owned()
    });
    let received_at: Vec<_> = received_at.collect();
    assert!(identify.work_together(10).await.is_empty());
    let call = identify.received_once();
    assert_eq!((call.path.as_str(), call.write_key.as_deref()), ("batch", Some(FakeSegment::KEY)));
    assert_eq!(each(&call, "type"), ["identify"; 3]);
    assert_eq!(each(&call, "userId"), ["person 0", "person 1", "person 2"]);
    for (event, received_at) in call.events().iter().zip(received_at) {
        assert!(event["timestamp"].as_str().unwrap().starts_with(&received_at), "{event:#}");
        assert_eq!(event.get("sentAt"), None);
        assert_eq!(event["context"]["library"]["name"], "segment-identify");
    }
    assert!(call.body["sentAt"].is_string());
    assert_eq!(call.body.as_object().unwrap().len(), 2, "nothing else is outside");
    let ids = each(&call, "messageId");
    assert!(ids.iter().all(|id| id.len() >= 16) && ids[0] != ids[1] && ids[1] != ids[2]);
    for line in identify.end().await.deliveries() {
        assert_eq!((&line["outcome"], &line["calls"]), (&json!("delivered"), &json!(1)));
        assert_eq!(metrics(&line), ["Delivered", "VendorLatency"].into());
    }
}

#[tokio::test]
async fn single_event_uses_its_own_endpoint() {
    let mut identify = with_events(1).await;
    assert!(identify.work_together(10).await.is_empty());
    let call = identify.received_once();
    assert_eq!((call.path.as_str(), call.body.get("type")), ("identify", None));
}

#[tokio::test]
async fn message_id_is_the_same_alone_and_in_a_batch() {
    let mut identify = with_events(2).await;
    identify.work_together(10).await;
    let together = identify.received_once();
    store(&mut identify, 1, &person(1)).await;
    identify.work_together(10).await;
    assert_eq!(message_id(&identify.received_once()), each(&together, "messageId")[1]);
}

#[tokio::test]
async fn events_of_every_type_share_one_batch_call() {
    let code = "function(ctx)
        local types = {
          'person 0': { type: 'track', event: 'Signed Up' },
          'person 1': { type: 'group', groupId: 'example.com' },
        };
        { userId: ctx.identity.id } + std.get(types, ctx.identity.id, {})";
    let mut identify = with_events(3).await;
    identify.sandbox.deploy(|deployment| deployment.template("TEMPLATE", code)).await;
    assert!(identify.work_together(10).await.is_empty());
    assert_eq!(each(&identify.received_once(), "type"), ["track", "group", "identify"]);
}

#[tokio::test]
async fn bad_event_of_a_batch_stays_and_blocks_no_other() {
    let code = "function(ctx)
        local name = ctx.identity.traits.name;
        if name == 'faulty' then ctx.missing
        else if name == 'cancelled' then error 'cancel'
        else { userId: ctx.identity.id, traits: { name: name } }";
    let mut identify = queued().await.template(code).start().await;
    let long = "x".repeat(40_000);
    let names = ["ann", "faulty", "ben", long.as_str(), "cancelled", "cid"];
    for (n, name) in names.iter().enumerate() {
        let mut ctx = person(n);
        ctx["identity"]["traits"]["name"] = json!(name);
        store(&mut identify, n, &ctx).await;
        if n == 1 {
            enqueued::put(&identify, r#"{"version":2,"function":"segment-identify"}"#);
        }
    }
    identify.work_together(10).await;
    let call = identify.received_once();
    assert_eq!(each(&call, "userId"), ["person 0", "person 2", "person 5"]);
    assert_eq!(hidden(&identify), [900; 3]);
    let expected =
        ["delivered", "template_fault", "blocked", "delivered", "blocked", "skipped", "delivered"];
    assert_eq!(outcomes(&identify.end().await.deliveries()), expected);
}

#[tokio::test]
async fn runaway_template_blocks_no_other_event_of_the_batch() {
    let code = "function(ctx)
        local forever = std.foldl(function(a, b) a + b, std.range(1, 1e9), 0);
        { userId: if ctx.identity.id == 'person 0' then forever else ctx.identity.id }";
    let mut identify = with_events(3).await;
    identify.sandbox.deploy(|deployment| deployment.template("TEMPLATE", code)).await;
    let kept = identify.work_together(10).await;
    assert_eq!(kept.len(), 1);
    assert_eq!(each(&identify.received_once(), "userId"), ["person 1", "person 2"]);
}

#[tokio::test]
async fn refused_batch_is_sent_one_by_one_and_only_the_bad_event_stays() {
    let mut identify = with_events(3).await;
    identify.vendor.reply_next(segment_replies::refused(400));
    identify.vendor.reply_next(FakeReply::json(200, &json!({"success": true})));
    identify.vendor.reply_next(segment_replies::refused(400));
    let [kept] = identify.work_together(10).await.try_into().unwrap();
    assert!(kept.body.contains("person 1"));
    assert_eq!(kept.visibility, Some(900));
    let calls = identify.received();
    let paths: Vec<_> = calls.iter().map(|call| call.path.as_str()).collect();
    assert_eq!(paths, ["batch", "identify", "identify", "identify"]);
    let singly: Vec<_> = calls[1..].iter().map(message_id).collect();
    assert_eq!(each(&calls[0], "messageId"), singly);
    let deliveries = identify.end().await.deliveries();
    assert_eq!(outcomes(&deliveries), ["delivered", "blocked", "delivered"]);
}

/// Plays a reply to a batch and checks that the whole batch stays and is resent unchanged.
async fn all_stay(reply: FakeReply, range: RangeInclusive<u32>, outcome: &str) {
    let context = format!("{reply:?}");
    let mut identify = with_events(3).await;
    identify.vendor.reply_next(reply);
    assert_eq!(identify.work_together(10).await.len(), 3, "{context}");
    let waits = hidden(&identify);
    assert!(
        waits.len() == 3 && waits.iter().all(|wait| range.contains(wait)),
        "{waits:?} {context}"
    );
    let first = identify.received_once();
    identify.let_time_pass(Duration::from_hours(1));
    assert!(identify.work_together(10).await.is_empty(), "{context}");
    let second = identify.received_once();
    assert_eq!(each(&first, "messageId"), each(&second, "messageId"), "{context}");
    assert_eq!(each(&first, "timestamp"), each(&second, "timestamp"), "{context}");
    for line in &identify.end().await.deliveries()[..3] {
        assert_eq!(line["outcome"], outcome, "{context}");
    }
}

#[tokio::test]
async fn throttled_batch_stays_queued_for_the_requested_backoff() {
    all_stay(vendor_replies::with_header(429, "retry-after", "600"), 600..=600, "try_later").await;
    all_stay(vendor_replies::with_header(429, "x-ratelimit-reset", "90"), 90..=90, "try_later")
        .await;
    all_stay(vendor_replies::with_header(429, "retry-after", "7200"), 3600..=3600, "try_later")
        .await;
    all_stay(segment_replies::refused(500), 1..=2, "try_later").await;
    all_stay(vendor_replies::html(502), 1..=2, "try_later").await;
}

#[tokio::test]
async fn batch_that_timed_out_is_retried_with_the_same_message_ids() {
    all_stay(FakeReply::HangUp, 1..=2, "in_doubt").await;
    all_stay(segment_replies::text(200, r#"{"success":tr"#), 1..=2, "in_doubt").await;
}

#[tokio::test]
async fn refused_or_too_large_batch_is_split() {
    for status in [404, 410, 413, 415, 422, 460] {
        let mut identify = with_events(3).await;
        identify.vendor.reply_next(segment_replies::refused(status));
        assert!(identify.work_together(10).await.is_empty(), "{status}");
        let calls = identify.received();
        let paths: Vec<_> = calls.iter().map(|call| call.path.as_str()).collect();
        assert_eq!(paths, ["batch", "identify", "identify", "identify"], "{status}");
        assert_eq!(outcomes(&identify.end().await.deliveries()), ["delivered"; 3], "{status}");
    }
}

#[tokio::test]
async fn batch_answered_408_stays_queued() {
    all_stay(segment_replies::refused(408), 1..=2, "try_later").await;
}

#[tokio::test]
async fn batch_answered_200_without_success_is_blocked() {
    all_stay(segment_replies::refused(200), 900..=900, "blocked").await;
}

#[tokio::test]
async fn rotated_key_is_refreshed_once_per_batch() {
    let mut identify = with_events(3).await;
    identify.vendor.set_write_key("the-next-segment-key");
    identify.secrets.put(VENDOR_SECRET, "the-next-segment-key");
    let fetches = identify.secrets.fetches();
    assert!(identify.work_together(10).await.is_empty());
    let calls = identify.received();
    let keys: Vec<_> = calls.iter().filter_map(|call| call.write_key.as_deref()).collect();
    assert_eq!(keys, [FakeSegment::KEY, "the-next-segment-key"]);
    assert!(calls.iter().all(|call| call.path == "batch"));
    assert_eq!(identify.secrets.fetches(), fetches + 1);
}

#[tokio::test]
async fn sqs_timeout_delays_a_batch_no_longer_than_one_event() {
    let mut identify = with_events(10).await;
    identify.vendor.reply_next(segment_replies::refused(500));
    let messages = identify.sqs.receive(QUEUE, 10);
    identify.sqs.set_delay(Duration::from_mins(10));
    let began = Instant::now();
    assert_eq!(identify.sandbox.deliver(&messages).await.len(), 10);
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[tokio::test]
async fn batch_over_500_kb_is_split_into_several_calls() {
    let code = "function(ctx) {
        userId: ctx.identity.id, traits: { name: ctx.identity.traits.name },
    }";
    let mut identify = queued().await.template(code).start().await;
    for n in 0..20 {
        let mut ctx = person(n);
        ctx["identity"]["traits"]["name"] = json!("x".repeat(31_000));
        store(&mut identify, n, &ctx).await;
    }
    assert!(identify.work_together(100).await.is_empty());
    let calls = identify.received();
    assert_eq!(calls.len(), 2);
    let sizes = calls.iter().map(|call| call.body.to_string().len());
    assert!(sizes.clone().all(|bytes| bytes <= MOST), "{:?}", sizes.collect::<Vec<_>>());
    let users: Vec<_> = calls.iter().flat_map(|call| each(call, "userId")).collect();
    let expected: Vec<_> = (0..20).map(|n| format!("person {n}")).collect();
    assert_eq!(users, expected);
}
