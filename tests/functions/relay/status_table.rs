//! The status table, row by row. `duplicate` cannot occur where a preset repeats.

use fakes::server::FakeReply;
use serde_json::json;

use super::setup::{CANCELS_WITHOUT_ADDRESS, setup, start};
use crate::common::{
    ory::{FIRST, ann, event, event_of},
    status_rows, vendor_replies,
};

#[tokio::test]
async fn other_methods_than_post_are_rejected() {
    status_rows::other_methods_than_post_are_rejected(start().await).await;
}

#[tokio::test]
async fn body_over_512_kib_is_too_large_in_any_encoding() {
    status_rows::body_over_512_kib_is_too_large(start().await, "delivered").await;
}

#[tokio::test]
async fn unauthenticated_caller_is_rejected() {
    status_rows::unauthenticated_request_is_rejected(start().await).await;
}

#[tokio::test]
async fn unusable_secret_authenticates_no_caller() {
    status_rows::placeholder_empty_or_short_secret_authenticates_no_caller(setup).await;
}

#[tokio::test]
async fn missing_secret_authenticates_no_caller() {
    status_rows::missing_webhook_secret_authenticates_no_caller(setup().await).await;
}

#[tokio::test]
async fn invalid_body_is_malformed_and_the_cause_is_logged() {
    status_rows::invalid_body_is_malformed(start().await).await;
}

#[tokio::test]
async fn cheapest_check_comes_first_and_unauthenticated_callers_learn_nothing() {
    status_rows::cheapest_check_comes_first(start().await).await;
}

#[tokio::test]
async fn delivery_answer_has_the_vendor_status_and_the_event_id() {
    let mut relay = start().await;
    for ctx in [ann(), json!({ "ctx": ann() })] {
        for event in [event(&ctx), event(&ctx).base64()] {
            let answer = relay.call(event).await;
            let vendor = json!({"status": 200});
            assert_eq!(answer.status, 200);
            assert_eq!(answer.body, json!({"status": "delivered", "id": FIRST, "vendor": vendor}));
        }
    }
}

#[tokio::test]
async fn body_is_not_parsed_before_authentication() {
    status_rows::body_is_not_parsed_before_authentication(start().await).await;
}

#[tokio::test]
async fn cancelled_event_is_answered_with_an_empty_body() {
    let relay = setup().await.template(CANCELS_WITHOUT_ADDRESS).start().await;
    status_rows::cancelled_event_has_an_empty_answer(relay).await;
}

#[tokio::test]
async fn before_save_event_makes_no_call() {
    status_rows::before_save_event_makes_no_call(start().await).await;
}

#[tokio::test]
async fn template_fault_is_answered() {
    status_rows::template_fault_is_answered(setup().await).await;
}

#[tokio::test]
async fn undelivered_event_asks_for_a_retry() {
    let mut relay = start().await;
    let later = vec![vendor_replies::with_header(429, "retry-after", "600")];
    let blocked = vec![vendor_replies::html(404)];
    let unknown = vec![FakeReply::HangUp; 3];
    let table = [(later, "try_later"), (blocked, "blocked"), (unknown, "in_doubt")];
    for (n, (replies, _)) in table.iter().enumerate() {
        for reply in replies {
            relay.vendor.reply_next(reply.clone());
        }
        let trigger_id = format!("{n:08}-2222-4222-8222-000000000003");
        let answer = relay.call(event_of(&trigger_id, &ann())).await;
        assert_eq!((answer.status, answer.message()), (503, ("#/", 8_100_503)));
        assert_eq!(relay.received().len(), replies.len());
    }
    let event_log = relay.end().await.event_log();
    for ((_, outcome), line) in table.iter().zip(event_log) {
        assert_eq!(line["outcome"], *outcome);
    }
}

#[tokio::test]
async fn rejected_event_is_done_and_says_so_without_the_words_of_the_vendor() {
    let mut relay = start().await;
    relay.vendor.reply_next(vendor_replies::html(422));
    let answer = relay.call(event(&ann())).await;
    assert_eq!(answer.row(), (200, "rejected"));
    assert_eq!(answer.body["reason"], "the vendor returned 422");
}
