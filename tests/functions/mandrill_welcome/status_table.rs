//! The status table, row by row, with the order of its checks.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use fakes::{WEBHOOK_KEY, server::FakeReply};
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
async fn other_methods_than_post_are_rejected() {
    status_rows::other_methods_than_post_are_rejected(Welcome::start().await).await;
}

#[tokio::test]
async fn body_over_512_kib_is_too_large_in_any_encoding() {
    status_rows::body_over_512_kib_is_too_large(Welcome::start().await, "duplicate").await;
}

#[tokio::test]
async fn unauthenticated_caller_is_rejected() {
    status_rows::unauthenticated_request_is_rejected(Welcome::start().await).await;
}

#[tokio::test]
async fn secret_with_api_key_and_password_accepts_either() {
    let setup = Setup::new().await.var("WEBHOOK_API_KEY_NAME", "X-Webhook-Key");
    let both = json!({"api_key": WEBHOOK_KEY, "username": "ory", "password": "a-long-password!"});
    setup.secrets.put("both", &both.to_string());
    let mut welcome = setup.var("WEBHOOK_SECRET_ID", "both").start().await;
    let unauthenticated = Event::of_ory(&ann(), FIRST);
    let password = |password| {
        let basic = format!("Basic {}", STANDARD.encode(format!("ory:{password}")));
        unauthenticated.clone().header("authorization", basic)
    };
    let known = [
        unauthenticated.clone().header("x-webhook-key", WEBHOOK_KEY),
        unauthenticated.clone().cookie(&format!("X-Webhook-Key={WEBHOOK_KEY}")),
        password("a-long-password!"),
    ];
    for event in known {
        assert_eq!(welcome.call(event).await.status, 200);
    }
    for event in
        [password("another-password"), unauthenticated.header("authorization", WEBHOOK_KEY)]
    {
        assert_eq!(welcome.call(event).await.status, 401);
    }
}

#[tokio::test]
async fn unusable_secret_authenticates_no_caller() {
    status_rows::placeholder_empty_or_short_secret_authenticates_no_caller(Setup::new).await;
}

#[tokio::test]
async fn missing_secret_authenticates_no_caller() {
    status_rows::missing_webhook_secret_authenticates_no_caller(Setup::new().await).await;
}

#[tokio::test]
async fn invalid_body_is_malformed_and_the_cause_is_logged() {
    status_rows::invalid_body_is_malformed(Welcome::start().await).await;
}

#[tokio::test]
async fn cheapest_check_comes_first_and_unauthenticated_callers_learn_nothing() {
    status_rows::cheapest_check_comes_first(Welcome::start().await).await;
}

#[tokio::test]
async fn delivery_answer_has_the_mandrill_status_and_the_event_id() {
    let mut welcome = Welcome::start().await;
    let answer = welcome.call(event(&ann())).await;
    let vendor = json!({"status": "sent", "message_id": format!("{:032x}", 1)});
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, json!({"status": "delivered", "id": FIRST, "vendor": vendor}));
}

#[tokio::test]
async fn ctx_is_accepted_bare_or_wrapped_as_text_or_base64() {
    let wrapped = json!({ "ctx": ann() });
    for ctx in [ann(), wrapped] {
        let mut welcome = Welcome::start().await;
        assert_eq!(welcome.call(event(&ctx)).await.row(), (200, "delivered"));
        let again = welcome.call(event(&ctx).base64()).await;
        assert_eq!(again.row(), (200, "duplicate"));
    }
}

#[tokio::test]
async fn idempotency_key_deduplicates_repeated_events_and_other_events_of_the_person() {
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
async fn mandrill_rejection_inside_a_200_is_reported_as_rejected() {
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
async fn rejected_recipient_is_not_mailed_again() {
    let mut welcome = Welcome::start().await;
    welcome.vendor.reply_next(mandrill_replies::row("rejected", Some("hard-bounce")));
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "rejected"));
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "duplicate"));
    assert_eq!(welcome.received().len(), 1);
}

#[tokio::test]
async fn body_is_not_parsed_before_authentication() {
    status_rows::body_is_not_parsed_before_authentication(Welcome::start().await).await;
}

#[tokio::test]
async fn cancelled_event_is_answered_with_an_empty_body() {
    status_rows::cancelled_event_has_an_empty_answer(Welcome::start().await).await;
}

#[tokio::test]
async fn before_save_event_makes_no_call() {
    status_rows::before_save_event_makes_no_call(Welcome::start().await).await;
}

#[tokio::test]
async fn template_fault_is_answered() {
    status_rows::template_fault_is_answered(Setup::new().await).await;
}

#[tokio::test]
async fn event_neither_enqueued_nor_delivered_asks_for_a_retry() {
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

/// Calls a function whose Mandrill never answers, and checks that Ory is answered all the same.
async fn is_answered_within_ten_seconds(mut welcome: Welcome) {
    welcome.vendor.reply_next(vendor_replies::nothing());
    let answered = timeout(TEN_SECONDS, welcome.call(event(&ann()))).await;
    assert_eq!(answered.unwrap().message(), ("#/", 8_100_503));
    assert_eq!(welcome.received().len(), 1);
}

#[tokio::test]
async fn mandrill_timeout_answers_ory_within_ten_seconds() {
    is_answered_within_ten_seconds(Welcome::start().await).await;
}

#[tokio::test]
async fn slow_secrets_answer_ory_within_ten_seconds() {
    let welcome = Setup::new().await.var("SECRET_TTL_SECONDS", "1").start().await;
    sleep(Duration::from_millis(1_100)).await;
    welcome.secrets.set_delay(Duration::from_millis(800));
    is_answered_within_ten_seconds(welcome).await;
}

/// Everything that a request waits for: the secrets, the queue, and the table before and after the
/// mail.
#[tokio::test]
async fn slow_dependencies_answer_ory_within_ten_seconds() {
    let setup = Setup::queued().await.var("SECRET_TTL_SECONDS", "1");
    let mut welcome = setup.start().await;
    sleep(Duration::from_millis(1_100)).await;
    let slow = Duration::from_millis(900);
    welcome.secrets.set_delay(slow);
    welcome.dynamo_db.set_delay(slow);
    welcome.sqs.set_delay(Duration::from_mins(1));
    // Nearly five seconds are over by then, and a claim that is given back takes one more.
    let later = vendor_replies::with_header(429, "retry-after", "600");
    welcome.vendor.reply_next(FakeReply::After(Duration::from_millis(4_900), Box::new(later)));
    let answered = timeout(TEN_SECONDS, welcome.call(event(&ann()))).await;
    assert_eq!(answered.unwrap().message(), ("#/", 8_100_503));
    assert_eq!(welcome.received().len(), 1);
    let line = welcome.end().await.only_line();
    assert_eq!(line["status"], 503, "{line:#}");
}
