//! One mail, however often Ory asks for it.

use serde_json::Value;

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
async fn one_mail_comes_of_ory_s_three_attempts_where_the_first_two_fail() {
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
async fn a_passing_error_is_tried_again_in_line() {
    let mut welcome = start().await;
    welcome.vendor.reply_next(mandrill_replies::error(500, "GeneralError"));
    welcome.vendor.reply_next(vendor_replies::html(503));
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "delivered"));
    let bodies: Vec<_> = welcome.received().into_iter().map(|call| call.body).collect();
    assert_eq!(bodies.len(), 3);
    assert!(bodies.iter().all(|body| *body == bodies[0]), "each attempt is the same mail");
}

#[tokio::test]
async fn a_wait_that_mandrill_asks_for_is_kept_where_there_is_time() {
    let mut welcome = start().await;
    welcome.vendor.reply_next(vendor_replies::with_header(429, "retry-after", "0"));
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "delivered"));
    assert_eq!(welcome.received().len(), 2);
}

#[tokio::test]
async fn without_a_key_of_the_template_s_own_the_trigger_id_tells_events_apart() {
    let mut welcome = start().await;
    assert_eq!(welcome.call(event_of(FIRST, &ann())).await.row(), (200, "delivered"));
    assert_eq!(welcome.call(event_of(SECOND, &ann())).await.row(), (200, "delivered"));
    let shouted = event_of(&FIRST.to_uppercase(), &ann());
    assert_eq!(welcome.call(shouted).await.row(), (200, "duplicate"));
    let another_body = event_of(SECOND, &ben());
    assert_eq!(welcome.call(another_body).await.row(), (200, "duplicate"));
}

#[tokio::test]
async fn without_a_trigger_id_equal_events_are_the_same() {
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
async fn the_longest_life_of_a_record_is_as_good_as_any() {
    let setup = Setup::new().await.template(FROM_THE_DOCUMENTS);
    let mut welcome = setup.var("RECORD_TTL_HOURS", u32::MAX.to_string()).start().await;
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "delivered"));
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "duplicate"));
}
