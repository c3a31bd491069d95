//! Retries from the queue: undelivered messages stay queued with a backoff.

use std::{ops::RangeInclusive, time::Duration};

use fakes::{FakeMandrill, server::FakeReply};
use integration::Deployment;
use serde_json::json;

use super::{
    mandrill_replies,
    setup::{Setup, Welcome},
    templates::FROM_THE_DOCUMENTS,
};
use crate::common::{
    enqueued,
    event_log::metrics,
    ory::{ann, ann_before_save, event, event_of},
    setup::{VENDOR_SECRET, Vendor},
    vendor_replies,
};

/// Checks that the message is delivered by one mail after the fix.
async fn is_delivered_once(welcome: &mut Welcome, context: &str) {
    assert!(welcome.received().is_empty(), "{context}");
    welcome.let_time_pass(Duration::from_hours(1));
    assert!(welcome.work().await.is_empty(), "{context}");
    assert_eq!(welcome.mails(), 1, "{context}");
}

/// A response, the receive count of the message, and the resulting backoff.
type Case = (FakeReply, u32, RangeInclusive<u32>);

/// Plays each case to an event of its own, and then delivers it.
async fn play(cases: Vec<Case>, outcome: &str, counted: &str) {
    let mut welcome = Welcome::queued().await;
    let calls = cases.len() * 2;
    for (n, (reply, receives, hidden)) in cases.into_iter().enumerate() {
        let context = format!("{reply:?} after {receives}");
        welcome.store(event_of(&format!("{n:08}-2222-4222-8222-000000000007"), &ann())).await;
        welcome.vendor.reply_next(reply);
        let wait = welcome.work_after(receives).await.unwrap();
        assert!(hidden.contains(&wait), "{wait} s: {context}");
        assert_eq!(welcome.mails(), 1, "one attempt: {context}");
        is_delivered_once(&mut welcome, &context).await;
    }
    let deliveries = welcome.end().await.deliveries();
    assert_eq!(deliveries.len(), calls);
    for kept in deliveries.iter().step_by(2) {
        assert_eq!((&kept["outcome"], &kept["calls"]), (&json!(outcome), &json!(1)));
        assert_eq!(metrics(kept), [counted, "VendorLatency"].into());
    }
}

#[tokio::test]
async fn backoff_grows_per_attempt_or_follows_retry_after() {
    let error = || mandrill_replies::error(500, "GeneralError");
    let limited = |seconds| vendor_replies::with_header(429, "retry-after", seconds);
    let cases = vec![
        (error(), 1, 1..=2),
        (error(), 2, 2..=4),
        (error(), 5, 16..=32),
        (error(), 50, 450..=900),
        (vendor_replies::html(503), 5, 16..=32),
        (vendor_replies::with_header(429, "x-nothing", "said"), 5, 16..=32),
        (limited("600"), 1, 600..=600),
        (limited("600"), 50, 600..=900),
        (limited("3600"), 1, 3600..=3600),
        (limited("7200"), 1, 3600..=3600),
        (limited("7200"), 50, 3600..=3600),
    ];
    play(cases, "try_later", "Retried").await;
}

#[tokio::test]
async fn blocked_event_has_the_longest_backoff() {
    let cases = [
        mandrill_replies::error(402, "PaymentRequired"),
        mandrill_replies::error(404, "Unknown_Template"),
        mandrill_replies::error(400, "ValidationError"),
        mandrill_replies::row("rejected", Some("unsigned")),
        vendor_replies::html(404),
    ];
    let cases = cases.map(|reply| (reply, 1, 900..=900));
    play(cases.into(), "blocked", "Blocked").await;
}

#[tokio::test]
async fn refused_connection_releases_the_lease() {
    // Nobody listens on the first port.
    let nobody = "http://127.0.0.1:1/api/1.0";
    let mut welcome = Setup::queued().await.template(FROM_THE_DOCUMENTS).start().await;
    let url = welcome.vendor.url();
    welcome.sandbox.deploy(|deployment| deployment.var("MANDRILL_URL", nobody)).await;
    welcome.store(event(&ann())).await;
    let wait = welcome.work_after(1).await.unwrap();
    assert!((1..=2).contains(&wait), "{wait} s");
    let record = welcome.record();
    assert_eq!((&record["lease_until"], record.get("in_doubt_since")), (&json!({"N": "0"}), None));
    welcome.sandbox.deploy(|deployment| deployment.var("MANDRILL_URL", url)).await;
    is_delivered_once(&mut welcome, "a refused connection").await;
}

#[tokio::test]
async fn template_fault_delays_redelivery_until_the_template_changes() {
    let faulty = Setup::queued().await.template("function(ctx) ctx.missing");
    let mut welcome = faulty.start().await;
    welcome.store(event(&ann())).await;
    assert_eq!(welcome.work_after(1).await, Some(900));
    assert_eq!(welcome.dynamo_db.calls(), 0, "nothing is claimed");
    let fixed = |it: Deployment| it.template("TEMPLATE", FROM_THE_DOCUMENTS);
    welcome.sandbox.deploy(fixed).await;
    is_delivered_once(&mut welcome, "a template fault").await;
    let deliveries = welcome.end().await.deliveries();
    assert_eq!(deliveries[0]["outcome"], "template_fault");
    assert_eq!(metrics(&deliveries[0]), ["TemplateFault"].into());
}

#[tokio::test]
async fn runaway_template_delays_redelivery_and_ends_the_process() {
    let forever = "function(ctx) std.foldl(function(a, b) a + b, std.range(1, 1e9), 0)";
    let mut welcome = Setup::queued().await.template(forever).start().await;
    welcome.store(event(&ann())).await;
    assert_eq!(welcome.work_after(1).await, Some(900));
    assert_eq!(welcome.sandbox.starts(), 1);
    assert_eq!(welcome.call(event(&ann_before_save())).await.status, 204);
    assert_eq!(welcome.sandbox.starts(), 2);
    let fixed = |it: Deployment| it.template("TEMPLATE", FROM_THE_DOCUMENTS);
    welcome.sandbox.deploy(fixed).await;
    is_delivered_once(&mut welcome, "a runaway").await;
}

#[tokio::test]
async fn wrong_type_of_mandrill_key_blocks_until_replaced() {
    for secret in ["0123456789abcdef0123456789abcdef-us6", "replace-me", r#"{"write_key":"x"}"#] {
        let setup = Setup::queued().await.template(FROM_THE_DOCUMENTS);
        setup.secrets.put(VENDOR_SECRET, secret);
        let mut welcome = setup.start().await;
        welcome.store(event(&ann())).await;
        assert_eq!(welcome.work_after(1).await, Some(900), "{secret}");
        welcome.secrets.put(VENDOR_SECRET, FakeMandrill::KEY);
        welcome.sandbox.crash().await;
        is_delivered_once(&mut welcome, secret).await;
        let log = welcome.end().await;
        assert_eq!(metrics(&log.deliveries()[0]), ["Blocked"].into());
        assert!(!log.contains(secret), "{secret} is logged");
    }
}

#[tokio::test]
async fn unavailable_key_is_try_later() {
    let setup = Setup::queued().await.template(FROM_THE_DOCUMENTS);
    setup.secrets.set_down(true);
    let mut welcome = setup.start().await;
    enqueued::put(&welcome, super::queue::OF_LAST_WEEK);
    let wait = welcome.work_after(5).await.unwrap();
    assert!((16..=32).contains(&wait), "{wait} s");
    welcome.secrets.set_down(false);
    welcome.sandbox.crash().await;
    is_delivered_once(&mut welcome, "no key").await;
}

#[tokio::test]
async fn rotated_key_is_refreshed_once_and_the_mail_delivered() {
    let mut welcome = Welcome::queued().await;
    welcome.store(event(&ann())).await;
    welcome.vendor.set_key("the-next-mandrill-key");
    welcome.secrets.put(VENDOR_SECRET, "the-next-mandrill-key");
    let fetches = welcome.secrets.fetches();
    assert!(welcome.work().await.is_empty());
    let keys: Vec<_> = welcome.received().iter().map(|call| call.body["key"].clone()).collect();
    assert_eq!(keys, [FakeMandrill::KEY, "the-next-mandrill-key"]);
    assert_eq!(welcome.secrets.fetches(), fetches + 1);
}

#[tokio::test]
async fn key_refused_twice_blocks() {
    let mut welcome = Welcome::queued().await;
    welcome.store(event(&ann())).await;
    welcome.vendor.set_key("a-key-that-we-do-not-have");
    assert_eq!(welcome.work_after(1).await, Some(900));
    assert_eq!(welcome.mails(), 2);
    welcome.vendor.set_key(FakeMandrill::KEY);
    is_delivered_once(&mut welcome, "a bad key").await;
}
