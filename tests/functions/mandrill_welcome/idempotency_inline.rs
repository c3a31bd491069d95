//! Idempotency without a queue: one mail for all retries by Ory.

use serde_json::Value;
use shared::settings::most;

use super::{
    mandrill_replies,
    setup::{Setup, Welcome},
    templates::FROM_THE_DOCUMENTS,
};
use crate::common::{
    ory::{FIRST, SECOND, ann, ben, event, event_of},
    vendor_replies,
};

/// With a template that names no key of its own, so that only the event's own counts.
async fn start() -> Welcome {
    Setup::new().await.template(FROM_THE_DOCUMENTS).start().await
}

#[tokio::test]
async fn idempotency_inline_sends_one_mail_over_three_ory_retries() {
    let mut welcome = start().await;
    for _ in 0..2 {
        for _ in 0..3 {
            welcome.vendor.reply_next(mandrill_replies::error(500, "GeneralError"));
        }
        assert_eq!(welcome.call(event(&ann())).await.status, 503);
        assert_eq!(welcome.received().len(), 3);
    }
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "delivered"));
    assert_eq!(welcome.received().len(), 1);
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "duplicate"));
    assert!(welcome.received().is_empty());
}

#[tokio::test]
async fn transient_error_is_retried_inline() {
    let mut welcome = start().await;
    welcome.vendor.reply_next(mandrill_replies::error(500, "GeneralError"));
    welcome.vendor.reply_next(vendor_replies::html(503));
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "delivered"));
    let bodies: Vec<_> = welcome.received().into_iter().map(|call| call.body).collect();
    assert_eq!(bodies.len(), 3);
    assert!(bodies.iter().all(|body| *body == bodies[0]), "each attempt is the same mail");
}

#[tokio::test]
async fn retry_after_is_respected_inline_if_the_budget_allows() {
    let mut welcome = start().await;
    welcome.vendor.reply_next(vendor_replies::with_header(429, "retry-after", "0"));
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "delivered"));
    assert_eq!(welcome.received().len(), 2);
}

#[tokio::test]
async fn trigger_id_is_the_default_idempotency_key() {
    let mut welcome = start().await;
    assert_eq!(welcome.call(event_of(FIRST, &ann())).await.row(), (200, "delivered"));
    assert_eq!(welcome.call(event_of(SECOND, &ann())).await.row(), (200, "delivered"));
    let shouted = event_of(&FIRST.to_uppercase(), &ann());
    assert_eq!(welcome.call(shouted).await.row(), (200, "duplicate"));
    let another_body = event_of(SECOND, &ben());
    assert_eq!(welcome.call(another_body).await.row(), (200, "duplicate"));
}

#[tokio::test]
async fn idempotency_falls_back_to_event_content_without_a_trigger_id() {
    let mut welcome = start().await;
    let from_ory = |ctx: Value| event(&ctx).without_trigger();
    let first = welcome.call(from_ory(ann())).await;
    assert_eq!(first.row(), (200, "delivered"));
    assert_eq!(first.body["id"].as_str().unwrap().len(), 64, "the digest of the event");
    assert_eq!(welcome.call(from_ory(ann())).await.row(), (200, "duplicate"));
    let no_uuid = event_of("../../etc", &ann());
    assert_eq!(welcome.call(no_uuid).await.row(), (200, "duplicate"));
    assert_eq!(welcome.call(from_ory(ben())).await.row(), (200, "delivered"));
}

#[tokio::test]
async fn longest_record_lifetime_works() {
    let setup = Setup::new().await.template(FROM_THE_DOCUMENTS);
    let mut welcome =
        setup.var("RECORD_TTL_HOURS", most::RECORD_TTL_HOURS.to_string()).start().await;
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "delivered"));
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "duplicate"));
}
