//! The status table, row by row, with the order of its checks.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use integration::Event;
use ory_actions::stack::WEBHOOK_KEY;
use serde_json::json;
use tokio::time::timeout;

use super::{
    mandrill_says,
    people::{ann, ann_before_save, ben, tester},
    setup::{FIRST, SECOND, Setup, Welcome, event, event_of},
};

/// The largest body that is taken, in bytes.
const MOST: usize = 512 * 1024;

/// A good event whose body is of this size.
fn event_of_size(bytes: usize) -> Event {
    let ctx = ann().to_string();
    let blanks = " ".repeat(bytes - ctx.len());
    event(&ann()).body(ctx + &blanks)
}

#[tokio::test]
async fn only_post_is_taken() {
    let mut welcome = Welcome::start().await;
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let answer = welcome.call(event(&ann()).method(method)).await;
        assert_eq!((answer.status, answer.message()), (405, ("#/", 8_100_405)), "{method}");
        assert_eq!(answer.headers["allow"], "POST", "{method}");
    }
    assert!(welcome.received().is_empty());
}

#[tokio::test]
async fn a_body_over_512_kib_is_too_large_however_it_is_encoded() {
    let mut welcome = Welcome::start().await;
    for event in [event_of_size(MOST + 1), event_of_size(MOST + 1).base64()] {
        let answer = welcome.call(event).await;
        assert_eq!((answer.status, answer.message()), (413, ("#/", 8_100_413)));
    }
    assert_eq!(welcome.call(event_of_size(MOST).base64()).await.row(), (200, "delivered"));
    assert_eq!(welcome.call(event_of_size(MOST)).await.row(), (200, "duplicate"));
}

#[tokio::test]
async fn who_does_not_present_the_secret_is_turned_away() {
    let mut welcome = Welcome::start().await;
    let basic = |text: String| format!("Basic {}", STANDARD.encode(text));
    let stranger = Event::of_ory(&ann(), FIRST);
    let strangers = [
        stranger.clone(),
        stranger.clone().header("authorization", ""),
        stranger.clone().header("authorization", "another-webhook-key"),
        stranger.clone().header("authorization", format!("{WEBHOOK_KEY}x")),
        stranger.clone().header("authorization", format!("Bearer {WEBHOOK_KEY}")),
        stranger.clone().header("authorization", basic(format!("ory:{WEBHOOK_KEY}"))),
        stranger.clone().header("x-api-key", WEBHOOK_KEY),
        stranger.clone().cookie(&format!("authorisation={WEBHOOK_KEY}")),
    ];
    for stranger in strangers {
        let answer = welcome.call(stranger).await;
        assert_eq!((answer.status, answer.message()), (401, ("#/", 8_100_401)));
    }
    assert!(welcome.received().is_empty());
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
    let unfit = [
        "replace-me".to_owned(),
        json!({"api_key": "replace-me"}).to_string(),
        json!({"api_key": ""}).to_string(),
        json!({"api_key": "only-fifteen-ch"}).to_string(),
        "only-fifteen-ch".to_owned(),
        json!({"username": "ory", "password": "only-fifteen-ch"}).to_string(),
        json!({"another": "a-key-of-decent-length"}).to_string(),
    ];
    for secret in unfit {
        let setup = Setup::new().await.var("WEBHOOK_SECRET_ID", "unfit");
        setup.secrets.put("unfit", &secret);
        let mut welcome = setup.start().await;
        for key in ["replace-me", "only-fifteen-ch", "", WEBHOOK_KEY] {
            let answer = welcome.call(event(&ann()).header("authorization", key)).await;
            assert_eq!((answer.status, answer.message()), (503, ("#/", 8_100_502)), "{secret}");
        }
    }
}

#[tokio::test]
async fn a_secret_that_is_missing_authenticates_nobody() {
    let mut welcome = Setup::new().await.var("WEBHOOK_SECRET_ID", "missing").start().await;
    assert_eq!(welcome.call(event(&ann())).await.message(), ("#/", 8_100_502));
}

#[tokio::test]
async fn a_body_that_is_of_no_use_is_malformed() {
    let mut welcome = Welcome::start().await;
    let good = event(&ann());
    let no_utf8 = good.clone().body(STANDARD.encode(b"{\"identity\":\"\xff\"}"));
    let useless = [
        good.clone().body("{"),
        good.clone().body("<html>"),
        good.clone().body("[".repeat(100_000)),
        good.clone().body("[]"),
        good.clone().body("null"),
        good.clone().body("{}"),
        good.clone().body(r#"{"ctx":{}}"#),
        good.clone().body(r#"{"identity":null}"#),
        good.clone().body(r#"{"identity":"ann"}"#),
        good.clone().body(""),
        good.clone().body("").base64(),
        good.clone().marked_as_base64(),
        good.body("e30").marked_as_base64(),
        no_utf8.marked_as_base64(),
    ];
    for event in useless {
        let answer = welcome.call(event).await;
        assert_eq!((answer.status, answer.message()), (400, ("#/", 8_100_400)));
    }
    assert!(welcome.received().is_empty());
}

#[tokio::test]
async fn the_log_says_why_a_body_is_of_no_use() {
    let table = [("", "empty"), ("{}", "identity"), ("{", "JSON"), ("[]", "object")];
    for (body, word) in table {
        let mut welcome = Welcome::start().await;
        welcome.call(event(&ann()).body(body)).await;
        let cause = welcome.end().await.only_line()["cause"].clone();
        assert!(cause.as_str().unwrap().contains(word), "{body}: {cause}");
    }
}

#[tokio::test]
async fn the_cheapest_check_comes_first_and_strangers_are_told_nothing_of_the_body() {
    let mut welcome = Welcome::start().await;
    let stranger = Event::of_ory(&ann(), FIRST);
    let too_large = stranger.clone().body("x".repeat(MOST + 1));
    let table = [
        (too_large.clone().method("PUT"), 405),
        (stranger.clone().method("PUT"), 405),
        (too_large, 413),
        (stranger.clone().body("{"), 401),
        (stranger.clone().body(""), 401),
        (stranger.body("e30").marked_as_base64(), 401),
    ];
    for (event, status) in table {
        assert_eq!(welcome.call(event).await.status, status);
    }
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
        (mandrill_says::row("rejected", Some("hard-bounce")), "hard-bounce"),
        (mandrill_says::row("rejected", Some("soft-bounce")), "soft-bounce"),
        (mandrill_says::row("rejected", Some("spam")), "spam"),
        (mandrill_says::row("rejected", Some("unsub")), "unsub"),
        (mandrill_says::row("rejected", Some("custom")), "custom"),
        (mandrill_says::row("rejected", Some("rule")), "rule"),
        (mandrill_says::row("rejected", Some("invalid")), "invalid"),
        (mandrill_says::row("invalid", None), "invalid"),
        (mandrill_says::rows(&json!([{"email": "x", "status": "invalid"}])), "invalid"),
    ];
    for (n, (reply, reason)) in table.into_iter().enumerate() {
        let mut ctx = ann();
        ctx["identity"]["id"] = json!(format!("person {n}"));
        let trigger_id = format!("{n:08}-2222-4222-8222-000000000002");
        welcome.mandrill.reply_next(reply);
        let answer = welcome.call(event_of(&trigger_id, &ctx)).await;
        assert_eq!(answer.status, 200);
        let body = json!({"status": "rejected", "id": trigger_id, "reason": reason});
        assert_eq!(answer.body, body);
    }
}

#[tokio::test]
async fn a_rejected_person_is_not_written_to_again() {
    let mut welcome = Welcome::start().await;
    welcome.mandrill.reply_next(mandrill_says::row("rejected", Some("hard-bounce")));
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "rejected"));
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "duplicate"));
    assert_eq!(welcome.received().len(), 1);
}

#[tokio::test]
async fn what_the_template_cancels_is_answered_with_nothing() {
    let mut welcome = Welcome::start().await;
    assert_eq!(welcome.call(event(&tester())).await.status, 204);
    assert!(welcome.received().is_empty());
}

#[tokio::test]
async fn before_the_identity_is_saved_nothing_happens() {
    let mut welcome = Welcome::start().await;
    let mut told_by_hook = ann();
    told_by_hook["hook"]["when"] = json!("before_save");
    let mut told_by_id = ann_before_save();
    told_by_id["hook"] = json!(null);
    for ctx in [told_by_hook, told_by_id, ann_before_save()] {
        assert_eq!(welcome.call(event(&ctx)).await.status, 204);
    }
    assert!(welcome.received().is_empty());
    for line in welcome.end().await.journal() {
        assert_eq!((&line["outcome"], &line["cause"]), (&json!("skipped"), &json!("before_save")));
    }
}

#[tokio::test]
async fn a_template_fault_is_not_hidden() {
    let mut welcome = Setup::new().await.template("function(ctx) ctx.missing").start().await;
    let answer = welcome.call(event(&ann())).await;
    assert_eq!((answer.status, answer.message()), (422, ("#/", 8_100_422)));
    assert!(welcome.received().is_empty());
}

#[tokio::test]
async fn what_is_neither_stored_nor_done_is_to_be_sent_again() {
    let mut welcome = Setup::new().await.var("VENDOR_TIMEOUT_MS", "1000").start().await;
    let later = mandrill_says::with_header(429, "retry-after", "600");
    let blocked = mandrill_says::error(402, "PaymentRequired");
    let unknown = mandrill_says::nothing();
    for reply in [later, blocked, unknown] {
        welcome.mandrill.reply_next(reply);
        let answer = welcome.call(event(&ann())).await;
        assert_eq!((answer.status, answer.message()), (503, ("#/", 8_100_503)));
        assert_eq!(welcome.received().len(), 1);
    }
}

/// Calls a function whose Mandrill never answers, and sees that Ory is answered all the same.
async fn is_answered_within_ten_seconds(mut welcome: Welcome) {
    welcome.mandrill.reply_next(mandrill_says::nothing());
    let limit = Duration::from_millis(10_400);
    let answered = timeout(limit, welcome.call(event(&ann()))).await;
    assert_eq!(answered.unwrap().message(), ("#/", 8_100_503));
    assert_eq!(welcome.received().len(), 1);
}

#[tokio::test]
async fn ory_is_answered_within_ten_seconds_even_if_mandrill_never_is() {
    is_answered_within_ten_seconds(Welcome::start().await).await;
}

#[tokio::test]
async fn ory_is_answered_within_ten_seconds_even_if_the_secrets_come_late() {
    let setup = Setup::new().await;
    setup.secrets.set_down(true);
    let welcome = setup.start().await;
    welcome.secrets.set_down(false);
    welcome.secrets.set_delay(Duration::from_millis(800));
    is_answered_within_ten_seconds(welcome).await;
}
