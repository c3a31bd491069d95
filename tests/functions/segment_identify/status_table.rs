//! The status table, row by row. `duplicate` and `rejected` cannot occur: Segment drops repeats
//! by itself, and refuses nobody for good.

use fakes::server::Reply;
use serde_json::{Value, json};

use super::setup::{CANCELS_WITHOUT_ADDRESS, setup, start, start_with};
use crate::common::{
    ory::{FIRST, ann, event, event_of},
    segment_replies, status_rows, vendor_replies,
};

#[tokio::test]
async fn only_post_is_taken() {
    status_rows::only_post_is_taken(start().await).await;
}

#[tokio::test]
async fn a_body_over_512_kib_is_too_large_however_it_is_encoded() {
    status_rows::a_body_over_512_kib_is_too_large(start().await, "delivered").await;
}

#[tokio::test]
async fn who_does_not_present_the_secret_is_turned_away() {
    status_rows::a_stranger_is_turned_away(start().await).await;
}

#[tokio::test]
async fn a_secret_that_is_not_fit_for_use_authenticates_nobody() {
    status_rows::an_unfit_secret_authenticates_nobody(setup).await;
}

#[tokio::test]
async fn a_secret_that_is_missing_authenticates_nobody() {
    status_rows::a_missing_secret_authenticates_nobody(setup().await).await;
}

#[tokio::test]
async fn a_body_that_is_of_no_use_is_malformed_and_the_log_says_why() {
    status_rows::a_useless_body_is_malformed(start().await).await;
}

#[tokio::test]
async fn the_cheapest_check_comes_first_and_strangers_are_told_nothing_of_the_body() {
    status_rows::the_cheapest_check_comes_first(start().await).await;
}

#[tokio::test]
async fn a_delivery_tells_segment_s_word_and_the_event_s_own_key() {
    let mut identify = start().await;
    for ctx in [ann(), json!({ "ctx": ann() })] {
        for event in [event(&ctx), event(&ctx).base64()] {
            let answer = identify.call(event).await;
            let vendor = json!({"success": true});
            assert_eq!(answer.status, 200);
            assert_eq!(answer.body, json!({"status": "delivered", "id": FIRST, "vendor": vendor}));
        }
    }
}

#[tokio::test]
async fn no_body_is_read_before_its_caller_is_known() {
    status_rows::no_body_is_read_before_its_caller_is_known(start().await).await;
}

#[tokio::test]
async fn what_the_template_cancels_is_answered_with_nothing() {
    let identify = start_with(CANCELS_WITHOUT_ADDRESS).await;
    status_rows::what_is_cancelled_is_answered_with_nothing(identify).await;
}

#[tokio::test]
async fn before_the_identity_is_saved_nothing_happens() {
    status_rows::before_the_identity_is_saved_nothing_happens(start().await).await;
}

#[tokio::test]
async fn a_template_fault_is_not_hidden() {
    status_rows::a_template_fault_is_not_hidden(setup().await).await;
}

#[tokio::test]
async fn what_is_not_done_is_to_be_sent_again() {
    let mut identify = start().await;
    let later = vec![vendor_replies::with_header(429, "retry-after", "600")];
    let blocked = vec![segment_replies::refused(400)];
    let unknown = vec![Reply::HangUp; 3];
    let table = [(later, "try_later"), (blocked, "blocked"), (unknown, "in_doubt")];
    for (n, (replies, _)) in table.iter().enumerate() {
        for reply in replies {
            identify.vendor.reply_next(reply.clone());
        }
        let trigger_id = format!("{n:08}-2222-4222-8222-000000000003");
        let answer = identify.call(event_of(&trigger_id, &ann())).await;
        assert_eq!((answer.status, answer.message()), (503, ("#/", 8_100_503)));
        assert_eq!(identify.received().len(), replies.len());
    }
    let event_log = identify.end().await.event_log();
    for ((_, outcome), line) in table.iter().zip(event_log) {
        assert_eq!(line["outcome"], *outcome);
    }
}

#[tokio::test]
async fn a_reply_template_is_told_what_segment_said() {
    let code = "function(ctx, outcome) { messages: [{ instance_ptr: '#/', messages: [
      { id: 1, type: 'info', text: std.manifestJsonMinified(outcome) },
    ] }] }";
    let with_reply = setup().await.with(|deployment| deployment.template("REPLY_TEMPLATE", code));
    let mut identify = with_reply.start().await;
    let answer = identify.call(event(&ann())).await;
    assert_eq!((answer.status, answer.message()), (400, ("#/", 1)));
    let text = answer.body["messages"][0]["messages"][0]["text"].as_str().unwrap();
    let told: Value = serde_json::from_str(text).unwrap();
    let vendor = json!({"success": true});
    assert_eq!(told, json!({"status": "delivered", "id": FIRST, "vendor": vendor}));
    assert_eq!(identify.received().len(), 1);
}
