//! The rows of the status table that apply to every function that Ory calls.

use base64::{Engine, engine::general_purpose::STANDARD};
use fakes::WEBHOOK_KEY;
use integration::Event;
use serde_json::{Value, json};

use super::{
    ory::{FIRST, ann, ann_before_save, event, phone_only},
    setup::{Running, Setup, Vendor},
};

/// The largest body that is taken, in bytes.
pub(crate) const MOST: usize = 512 * 1024;

/// A good event whose body is of this size.
fn event_of_size(bytes: usize) -> Event {
    let ctx = ann().to_string();
    let blanks = " ".repeat(bytes - ctx.len());
    event(&ann()).body(ctx + &blanks)
}

pub(crate) async fn other_methods_than_post_are_rejected<V: Vendor>(mut running: Running<V>) {
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let answer = running.call(event(&ann()).method(method)).await;
        assert_eq!((answer.status, answer.message()), (405, ("#/", 8_100_405)), "{method}");
        assert_eq!(answer.headers["allow"], "POST", "{method}");
    }
    assert!(running.received().is_empty());
}

/// `again` is what the second of two equal events comes to.
pub(crate) async fn body_over_512_kib_is_too_large<V: Vendor>(
    mut running: Running<V>,
    again: &str,
) {
    for event in [event_of_size(MOST + 1), event_of_size(MOST + 1).base64()] {
        let answer = running.call(event).await;
        assert_eq!((answer.status, answer.message()), (413, ("#/", 8_100_413)));
    }
    assert!(running.received().is_empty());
    assert_eq!(running.call(event_of_size(MOST).base64()).await.row(), (200, "delivered"));
    assert_eq!(running.call(event_of_size(MOST)).await.row(), (200, again));
}

pub(crate) async fn unauthenticated_request_is_rejected<V: Vendor>(mut running: Running<V>) {
    let basic = format!("Basic {}", STANDARD.encode(format!("ory:{WEBHOOK_KEY}")));
    let unauthenticated = Event::of_ory(&ann(), FIRST);
    let strangers = [
        unauthenticated.clone(),
        unauthenticated.clone().header("authorization", ""),
        unauthenticated.clone().header("authorization", "another-webhook-key"),
        unauthenticated.clone().header("authorization", format!("{WEBHOOK_KEY}x")),
        unauthenticated.clone().header("authorization", format!("Bearer {WEBHOOK_KEY}")),
        unauthenticated.clone().header("authorization", basic),
        unauthenticated.clone().header("x-api-key", WEBHOOK_KEY),
        unauthenticated.clone().cookie(&format!("authorisation={WEBHOOK_KEY}")),
        unauthenticated.query(&format!("secret={WEBHOOK_KEY}")),
    ];
    for unauthenticated in strangers {
        let answer = running.call(unauthenticated).await;
        assert_eq!((answer.status, answer.message()), (401, ("#/", 8_100_401)));
    }
    assert!(running.received().is_empty());
}

pub(crate) async fn placeholder_empty_or_short_secret_authenticates_no_caller<V: Vendor>(
    setup: impl AsyncFn() -> Setup<V>,
) {
    let unfit = [
        "replace-me".to_owned(),
        json!({"api_key": "replace-me"}).to_string(),
        json!({"api_key": "YOUR-WEBHOOK-KEY-HERE"}).to_string(),
        json!({"username": "ory", "password": "your-password-of-length"}).to_string(),
        json!({"api_key": ""}).to_string(),
        json!({"api_key": "only-fifteen-ch"}).to_string(),
        "only-fifteen-ch".to_owned(),
        json!({"username": "ory", "password": "only-fifteen-ch"}).to_string(),
        json!({"another": "a-key-of-decent-length"}).to_string(),
    ];
    for secret in unfit {
        let setup = setup().await.var("WEBHOOK_SECRET_ID", "unfit");
        setup.secrets.put("unfit", &secret);
        nobody_is_authenticated(setup, &secret).await;
    }
}

pub(crate) async fn missing_webhook_secret_authenticates_no_caller<V: Vendor>(setup: Setup<V>) {
    nobody_is_authenticated(setup.var("WEBHOOK_SECRET_ID", "missing"), "missing").await;
}

async fn nobody_is_authenticated<V: Vendor>(setup: Setup<V>, context: &str) {
    let mut running = setup.start().await;
    for key in ["replace-me", "only-fifteen-ch", "", WEBHOOK_KEY] {
        let answer = running.call(event(&ann()).header("authorization", key)).await;
        assert_eq!((answer.status, answer.message()), (503, ("#/", 8_100_502)), "{context}");
    }
    assert!(running.received().is_empty(), "{context}");
}

pub(crate) async fn invalid_body_is_malformed<V: Vendor>(mut running: Running<V>) {
    let good = event(&ann());
    let no_utf8 = good.clone().body(STANDARD.encode(b"{\"identity\":\"\xff\"}"));
    let useless = [
        (good.clone().body(""), "empty"),
        (good.clone().body("").base64(), "empty"),
        (good.clone().body("{"), "JSON"),
        (good.clone().body("<html>"), "JSON"),
        (good.clone().body("[".repeat(100_000)), "JSON"),
        (no_utf8.declared_base64(), "JSON"),
        (good.clone().body("[]"), "object"),
        (good.clone().body("null"), "object"),
        (good.clone().body("{}"), "identity"),
        (good.clone().body(r#"{"ctx":{}}"#), "identity"),
        (good.clone().body(r#"{"identity":null}"#), "identity"),
        (good.clone().body(r#"{"identity":"ann"}"#), "identity"),
        (good.clone().declared_base64(), "base64"),
        (good.body("e30").declared_base64(), "base64"),
    ];
    for (event, _) in &useless {
        let answer = running.call(event.clone()).await;
        assert_eq!((answer.status, answer.message()), (400, ("#/", 8_100_400)));
    }
    assert!(running.received().is_empty());
    let event_log = running.end().await.event_log();
    assert_eq!(event_log.len(), useless.len());
    for ((_, word), line) in useless.iter().zip(event_log) {
        assert!(line["cause"].as_str().unwrap().contains(word), "{word}: {line:#}");
    }
}

pub(crate) async fn cheapest_check_comes_first<V: Vendor>(mut running: Running<V>) {
    let unauthenticated = Event::of_ory(&ann(), FIRST);
    let too_large = unauthenticated.clone().body("x".repeat(MOST + 1));
    let table = [
        (too_large.clone().method("PUT"), 405),
        (unauthenticated.clone().method("PUT"), 405),
        (too_large, 413),
        (unauthenticated.clone().body("{"), 401),
        (unauthenticated.clone().body(""), 401),
        (unauthenticated.body("e30").declared_base64(), 401),
    ];
    for (event, status) in table {
        assert_eq!(running.call(event).await.status, status);
    }
}

/// Half a surrogate pair can be written in JSON, and is no text: whoever reads it fails.
pub(crate) async fn body_is_not_parsed_before_authentication<V: Vendor>(mut running: Running<V>) {
    let written = |event: Event, times: usize| {
        let event = Value::from(event.body("BODY")).to_string();
        event.replace("\"BODY\"", &format!("\"{}\"", r"\ud800".repeat(times)))
    };
    let unauthenticated = Event::of_ory(&ann(), FIRST);
    let table = [
        (written(unauthenticated.clone(), 1), 401),
        (written(unauthenticated.clone().declared_base64(), 1), 401),
        (written(event(&ann()), 1), 400),
        // The most that Lambda lets through is 6 MB.
        (written(unauthenticated, 950_000), 413),
    ];
    for (event, status) in table {
        assert_eq!(running.sandbox.invoke_written(event).await.status, status);
    }
    assert!(running.received().is_empty());
    assert_eq!(running.sandbox.starts(), 1);
}

pub(crate) async fn cancelled_event_has_an_empty_answer<V: Vendor>(mut running: Running<V>) {
    assert_eq!(running.call(event(&phone_only())).await.status, 204);
    assert!(running.received().is_empty());
    let line = running.end().await.only_line();
    assert_eq!((&line["outcome"], &line["cause"]), (&json!("skipped"), &json!("cancelled")));
}

pub(crate) async fn before_save_event_makes_no_call<V: Vendor>(mut running: Running<V>) {
    let mut told_by_hook = ann();
    told_by_hook["hook"]["when"] = json!("before_save");
    let mut told_by_id = ann_before_save();
    told_by_id["hook"] = Value::Null;
    for ctx in [told_by_hook, told_by_id, ann_before_save()] {
        assert_eq!(running.call(event(&ctx)).await.status, 204);
    }
    assert!(running.received().is_empty());
    for line in running.end().await.event_log() {
        assert_eq!((&line["outcome"], &line["cause"]), (&json!("skipped"), &json!("before_save")));
    }
}

pub(crate) async fn template_fault_is_answered<V: Vendor>(setup: Setup<V>) {
    let mut running = setup.template("function(ctx) ctx.missing").start().await;
    let answer = running.call(event(&ann())).await;
    assert_eq!((answer.status, answer.message()), (422, ("#/", 8_100_422)));
    assert!(running.received().is_empty());
}
