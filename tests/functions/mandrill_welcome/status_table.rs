//! The status table, row by row, with the order of its checks.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use fakes::{WEBHOOK_KEY, server::Reply};
use integration::Event;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::{
    mandrill_replies,
    setup::{Setup, Welcome},
};
use crate::common::{
    ory::{FIRST, SECOND, ann, ben, event, event_of},
    status_rows, vendor_replies,
};

#[tokio::test]
async fn only_post_is_taken() {
    status_rows::only_post_is_taken(Welcome::start().await).await;
}

#[tokio::test]
async fn a_body_over_512_kib_is_too_large_however_it_is_encoded() {
    status_rows::a_body_over_512_kib_is_too_large(Welcome::start().await, "duplicate").await;
}

#[tokio::test]
async fn who_does_not_present_the_secret_is_turned_away() {
    status_rows::a_stranger_is_turned_away(Welcome::start().await).await;
}

#[tokio::test]
async fn an_api_key_or_a_password_is_accepted_where_the_secret_holds_both() {
    let setup = Setup::new().await.var("WEBHOOK_API_KEY_NAME", "X-Webhook-Key");
    let both = json!({"api_key": WEBHOOK_KEY, "username": "ory", "password": "a-long-password!"});
    setup.secrets.put("both", &both.to_string());
    let mut welcome = setup.var("WEBHOOK_SECRET_ID", "both").start().await;
    let stranger = Event::of_ory(&ann(), FIRST);
    let password = |password| {
        let basic = format!("Basic {}", STANDARD.encode(format!("ory:{password}")));
        stranger.clone().header("authorization", basic)
    };
    let known = [
        stranger.clone().header("x-webhook-key", WEBHOOK_KEY),
        stranger.clone().cookie(&format!("X-Webhook-Key={WEBHOOK_KEY}")),
        password("a-long-password!"),
    ];
    for event in known {
        assert_eq!(welcome.call(event).await.status, 200);
    }
    for event in [password("another-password"), stranger.header("authorization", WEBHOOK_KEY)] {
        assert_eq!(welcome.call(event).await.status, 401);
    }
}

#[tokio::test]
async fn a_secret_that_is_not_fit_for_use_authenticates_nobody() {
    status_rows::an_unfit_secret_authenticates_nobody(Setup::new).await;
}

#[tokio::test]
async fn a_secret_that_is_missing_authenticates_nobody() {
    status_rows::a_missing_secret_authenticates_nobody(Setup::new().await).await;
}

#[tokio::test]
async fn a_body_that_is_of_no_use_is_malformed_and_the_log_says_why() {
    status_rows::a_useless_body_is_malformed(Welcome::start().await).await;
}

#[tokio::test]
async fn the_cheapest_check_comes_first_and_strangers_are_told_nothing_of_the_body() {
    status_rows::the_cheapest_check_comes_first(Welcome::start().await).await;
}

#[tokio::test]
async fn a_delivery_tells_mandrill_s_word_and_the_event_s_own_key() {
    let mut welcome = Welcome::start().await;
    let answer = welcome.call(event(&ann())).await;
    let vendor = json!({"status": "sent", "message_id": format!("{:032x}", 1)});
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, json!({"status": "delivered", "id": FIRST, "vendor": vendor}));
}

#[tokio::test]
async fn a_ctx_comes_bare_or_wrapped_as_text_or_base64() {
    let wrapped = json!({ "ctx": ann() });
    for ctx in [ann(), wrapped] {
        let mut welcome = Welcome::start().await;
        assert_eq!(welcome.call(event(&ctx)).await.row(), (200, "delivered"));
        let again = welcome.call(event(&ctx).base64()).await;
        assert_eq!(again.row(), (200, "duplicate"));
    }
}

#[tokio::test]
async fn the_same_event_is_a_duplicate_and_so_is_another_of_the_same_person() {
    let mut welcome = Welcome::start().await;
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "delivered"));
    for trigger_id in [FIRST, SECOND] {
        let answer = welcome.call(event_of(trigger_id, &ann())).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body, json!({"status": "duplicate", "id": trigger_id}));
    }
    assert_eq!(welcome.call(event_of(SECOND, &ben())).await.row(), (200, "delivered"));
    assert_eq!(welcome.received().len(), 2);
}

#[tokio::test]
async fn a_refusal_inside_a_success_is_told_as_a_rejection() {
    let mut welcome = Welcome::start().await;
    let table = [
        (mandrill_replies::row("rejected", Some("hard-bounce")), "hard-bounce"),
        (mandrill_replies::row("rejected", Some("soft-bounce")), "soft-bounce"),
        (mandrill_replies::row("rejected", Some("spam")), "spam"),
        (mandrill_replies::row("rejected", Some("unsub")), "unsub"),
        (mandrill_replies::row("rejected", Some("custom")), "custom"),
        (mandrill_replies::row("rejected", Some("rule")), "rule"),
        (mandrill_replies::row("rejected", Some("invalid")), "invalid"),
        (mandrill_replies::row("invalid", None), "invalid"),
        (mandrill_replies::rows(&json!([{"email": "x", "status": "invalid"}])), "invalid"),
    ];
    for (n, (reply, reason)) in table.into_iter().enumerate() {
        let mut ctx = ann();
        ctx["identity"]["id"] = json!(format!("person {n}"));
        let trigger_id = format!("{n:08}-2222-4222-8222-000000000002");
        welcome.vendor.reply_next(reply);
        let answer = welcome.call(event_of(&trigger_id, &ctx)).await;
        assert_eq!(answer.status, 200);
        let body = json!({"status": "rejected", "id": trigger_id, "reason": reason});
        assert_eq!(answer.body, body);
    }
}

#[tokio::test]
async fn a_rejected_person_is_not_written_to_again() {
    let mut welcome = Welcome::start().await;
    welcome.vendor.reply_next(mandrill_replies::row("rejected", Some("hard-bounce")));
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "rejected"));
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "duplicate"));
    assert_eq!(welcome.received().len(), 1);
}

#[tokio::test]
async fn no_body_is_read_before_its_caller_is_known() {
    status_rows::no_body_is_read_before_its_caller_is_known(Welcome::start().await).await;
}

#[tokio::test]
async fn what_the_template_cancels_is_answered_with_nothing() {
    status_rows::what_is_cancelled_is_answered_with_nothing(Welcome::start().await).await;
}

#[tokio::test]
async fn before_the_identity_is_saved_nothing_happens() {
    status_rows::before_the_identity_is_saved_nothing_happens(Welcome::start().await).await;
}

#[tokio::test]
async fn a_template_fault_is_not_hidden() {
    status_rows::a_template_fault_is_not_hidden(Setup::new().await).await;
}

#[tokio::test]
async fn what_is_neither_stored_nor_done_is_to_be_sent_again() {
    let mut welcome = Setup::new().await.var("VENDOR_TIMEOUT_MS", "1000").start().await;
    let later = vendor_replies::with_header(429, "retry-after", "600");
    let blocked = mandrill_replies::error(402, "PaymentRequired");
    let unknown = vendor_replies::nothing();
    for reply in [later, blocked, unknown] {
        welcome.vendor.reply_next(reply);
        let answer = welcome.call(event(&ann())).await;
        assert_eq!((answer.status, answer.message()), (503, ("#/", 8_100_503)));
        assert_eq!(welcome.received().len(), 1);
    }
}

/// With what it takes to hand an event over.
const TEN_SECONDS: Duration = Duration::from_millis(10_150);

/// Calls a function whose Mandrill never answers, and sees that Ory is answered all the same.
async fn is_answered_within_ten_seconds(mut welcome: Welcome) {
    welcome.vendor.reply_next(vendor_replies::nothing());
    let answered = timeout(TEN_SECONDS, welcome.call(event(&ann()))).await;
    assert_eq!(answered.unwrap().message(), ("#/", 8_100_503));
    assert_eq!(welcome.received().len(), 1);
}

#[tokio::test]
async fn ory_is_answered_within_ten_seconds_even_if_mandrill_never_is() {
    is_answered_within_ten_seconds(Welcome::start().await).await;
}

#[tokio::test]
async fn ory_is_answered_within_ten_seconds_even_if_the_secrets_come_late() {
    let welcome = Setup::new().await.var("SECRET_TTL_SECONDS", "1").start().await;
    sleep(Duration::from_millis(1_100)).await;
    welcome.secrets.set_delay(Duration::from_millis(800));
    is_answered_within_ten_seconds(welcome).await;
}

/// Whatever has to be waited for: the secrets, the queue, the table before the mail and after it.
#[tokio::test]
async fn ory_is_answered_within_ten_seconds_even_if_everything_is_slow() {
    let setup = Setup::queued().await.var("SECRET_TTL_SECONDS", "1");
    let mut welcome = setup.start().await;
    sleep(Duration::from_millis(1_100)).await;
    let slow = Duration::from_millis(900);
    welcome.secrets.set_delay(slow);
    welcome.dynamo_db.set_delay(slow);
    welcome.sqs.set_delay(Duration::from_mins(1));
    // Nearly five seconds are over by then, and a claim that is given back takes one more.
    let later = vendor_replies::with_header(429, "retry-after", "600");
    welcome.vendor.reply_next(Reply::After(Duration::from_millis(4_900), Box::new(later)));
    let answered = timeout(TEN_SECONDS, welcome.call(event(&ann()))).await;
    assert_eq!(answered.unwrap().message(), ("#/", 8_100_503));
    assert_eq!(welcome.received().len(), 1);
    let line = welcome.end().await.only_line();
    assert_eq!(line["status"], 503, "{line:#}");
}
