//! Time: Mailchimp goes on with a call that nobody waits for, and keeps its connection busy.

use std::time::Duration;

use fakes::server::FakeReply;
use serde_json::json;

use super::{
    setup::{Setup, Subscribe, address, done_and_answered, opt_in_event},
    world::outcome,
};

/// The function keeps two seconds to end a delivery, and begins no write with less than twenty.
#[tokio::test]
async fn write_is_begun_only_with_twenty_seconds_left() {
    let setup = Setup::queued().await;
    let short =
        |deployment: integration::Deployment| deployment.time_limit(Duration::from_secs(21));
    let mut subscribe = setup.with(short).start().await;
    subscribe.store(opt_in_event(1)).await;
    assert_eq!(subscribe.work().await.len(), 1);
    assert_eq!(subscribe.methods(), ["GET", "GET"]);
    subscribe.sandbox.deploy(|it| it.time_limit(Duration::from_secs(24))).await;
    subscribe.let_time_pass(Duration::from_secs(5));
    assert!(subscribe.work().await.is_empty());
    assert_eq!(subscribe.methods(), ["GET", "GET", "PUT"]);
    let lines = subscribe.end().await.deliveries();
    let outcomes: Vec<_> = lines.iter().map(outcome).collect();
    assert_eq!(outcomes, ["try_later: not enough time left to write", "delivered"]);
}

/// What a slow reader has used up is not there for the write.
#[tokio::test]
async fn slow_read_leaves_no_time_for_a_write() {
    let setup = Setup::queued().await;
    let short =
        |deployment: integration::Deployment| deployment.time_limit(Duration::from_secs(23));
    let mut subscribe = setup.with(short).start().await;
    subscribe.vendor.set_delay(Some(Duration::from_millis(700)));
    subscribe.store(opt_in_event(1)).await;
    assert_eq!(subscribe.work().await.len(), 1);
    assert_eq!(subscribe.methods(), ["GET", "GET"]);
    // In line, the caller's time decides.
    let mut inline = Setup::new().await.with(short).start().await;
    inline.vendor.set_delay(Some(Duration::from_millis(700)));
    assert_eq!(inline.call(opt_in_event(1)).await.row(), (200, "delivered"));
}

fn after(subscribe: &Subscribe, wait: Duration) {
    let member = json!({"contact_id": "c1", "email_address": address(1), "status": "subscribed"});
    let reply = FakeReply::After(wait, Box::new(FakeReply::json(200, &member)));
    subscribe.answer_writes([done_and_answered(reply)]);
}

/// Longer than Ory waits, and than Lambda gives to the other functions' calls.
#[tokio::test]
async fn call_from_the_queue_may_take_longer_than_a_caller_waits() {
    let mut subscribe = Setup::queued().await.start().await;
    after(&subscribe, Duration::from_secs(11));
    subscribe.store(opt_in_event(1)).await;
    assert!(subscribe.work().await.is_empty());
    assert_eq!(subscribe.methods(), ["GET", "GET", "PUT"]);
}

#[tokio::test]
async fn vendor_timeout_limits_each_call() {
    let setup = Setup::queued().await.var("VENDOR_TIMEOUT_MS", "1000");
    let mut subscribe = setup.start().await;
    after(&subscribe, Duration::from_secs(3));
    subscribe.store(opt_in_event(1)).await;
    assert_eq!(subscribe.work().await.len(), 1);
    let line = subscribe.end().await.deliveries().remove(0);
    assert_eq!(line["outcome"], "in_doubt");
    assert!(line["VendorLatency"].as_f64().unwrap() < 2_000.0, "{line:#}");
}

/// Ten connections for all tools of the account, each busy until Mailchimp is done with it.
#[tokio::test]
async fn eleventh_connection_is_tried_later() {
    let mut subscribe = Setup::queued().await.start().await;
    let now = time::OffsetDateTime::now_utc();
    for _ in 0..10 {
        assert!(subscribe.vendor.account(|it| it.connect(now, Duration::from_hours(1))).is_none());
    }
    subscribe.store(opt_in_event(1)).await;
    assert_eq!(subscribe.work().await.len(), 1);
    let later = now + Duration::from_hours(2);
    subscribe.vendor.set_clock(move || later);
    subscribe.let_time_pass(Duration::from_secs(5));
    assert!(subscribe.work().await.is_empty());
    let lines = subscribe.end().await.deliveries();
    let outcomes: Vec<_> = lines.iter().map(outcome).collect();
    assert_eq!(outcomes, ["try_later: Mailchimp returned 429", "delivered"]);
}
