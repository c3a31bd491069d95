//! Errors of the vendor and of the connection to it.

use fakes::server::FakeReply;
use serde_json::json;

use super::setup::{setup, start};
use crate::common::{
    ory::{ann, event},
    setup::side_by_side,
    vendor_errors, vendor_replies,
};

/// Answers to the calls for one event, and the outcome that they come to.
type Case = (Vec<FakeReply>, &'static str);

fn three(reply: FakeReply) -> Vec<FakeReply> {
    vec![reply.clone(), reply.clone(), reply]
}

fn cases() -> Vec<Case> {
    vec![
        (three(vendor_replies::html(500)), "try_later"),
        (three(vendor_replies::html(502)), "try_later"),
        (three(vendor_replies::html(425)), "try_later"),
        (vec![vendor_replies::with_header(429, "retry-after", "600")], "try_later"),
        (vec![vendor_replies::html(404)], "blocked"),
        (vec![vendor_replies::html(405)], "blocked"),
        (vec![vendor_replies::html(400)], "blocked"),
        (vec![FakeReply::json(207, &json!({"numErrors": 1, "errors": [{}]}))], "blocked"),
        (vec![vendor_replies::html(409)], "rejected"),
        (vec![vendor_replies::html(422)], "rejected"),
        (three(FakeReply::HangUp), "in_doubt"),
        (vec![FakeReply::HangUp], "delivered"),
        (vec![vendor_replies::html(503)], "delivered"),
        (vec![FakeReply::json(200, &json!({"numErrors": 0}))], "delivered"),
        (vec![FakeReply::text(200, "application/json", r#"{"numErr"#)], "delivered"),
        (vec![vendor_replies::html(200)], "delivered"),
    ]
}

async fn play(_: usize, (replies, outcome): Case) {
    let context = format!("{replies:.300?}");
    let mut relay = start().await;
    for reply in replies {
        relay.vendor.reply_next(reply);
    }
    let answer = relay.call(event(&ann())).await;
    let is_done = ["delivered", "rejected"].contains(&outcome);
    assert_eq!(answer.status, if is_done { 200 } else { 503 }, "{context}");
    assert_eq!(relay.end().await.only_line()["outcome"], outcome, "{context}");
}

#[tokio::test]
async fn answer_has_the_outcome_of_the_preset_and_then_of_the_built_in_table() {
    side_by_side(cases(), play).await;
}

#[tokio::test]
async fn refused_connection_is_retried_and_reported_as_try_later() {
    vendor_errors::refused_connection_is_try_later_for_any_vendor(setup().await).await;
}

#[tokio::test]
async fn redirect_is_not_followed() {
    vendor_errors::redirect_is_not_followed(start().await, "contacts").await;
}

#[tokio::test]
async fn rows_of_the_setting_replace_those_of_the_preset() {
    let rows = r#"[{"status":"409","outcome":"delivered"}]"#;
    let mut relay = setup().await.var("RELAY_OUTCOMES", rows).start().await;
    relay.vendor.reply_next(vendor_replies::html(409));
    assert_eq!(relay.call(event(&ann())).await.row(), (200, "delivered"));
    // The preset has a row for it.
    relay.vendor.reply_next(vendor_replies::html(400));
    assert_eq!(relay.call(event(&ann())).await.row(), (200, "rejected"));
}
