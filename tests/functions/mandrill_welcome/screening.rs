//! `SCREEN_REJECTS`: an address that bounces stops the sign-up before the identity is saved.

use fakes::{FakeMandrill, server::FakeReply};
use serde_json::{Value, json};

use super::{
    mandrill_replies,
    setup::{Setup, Welcome},
};
use crate::common::{
    ory::{ann, ann_before_save, event},
    setup::{VENDOR_SECRET, Vendor},
    vendor_replies,
};

/// The id of the message at the address.
const UNDELIVERABLE: i64 = 8_101_001;

async fn start() -> Welcome {
    Setup::new().await.var("SCREEN_REJECTS", "true").start().await
}

fn before_save(traits: Value, verifiable_addresses: Value) -> Value {
    let mut ctx = ann_before_save();
    ctx["identity"]["traits"] = traits;
    ctx["identity"]["verifiable_addresses"] = verifiable_addresses;
    ctx
}

fn reject(email: &str, reason: &str, expired: bool) -> Value {
    json!({"email": email, "reason": reason, "expired": expired, "detail": ""})
}

#[tokio::test]
async fn screening_stops_a_bouncing_address_at_its_trait() {
    let verifiable = |email: &str| json!([{"value": email, "via": "email"}]);
    let table = [
        (json!({"email": "ann@example.com"}), json!(null), "#/traits/email"),
        (json!({"login": "ann@example.com"}), verifiable("ann@example.com"), "#/traits/login"),
        (
            json!({"contact": {"mail": ["ann@example.com"]}}),
            verifiable("ann@example.com"),
            "#/traits/contact/mail/0",
        ),
        (json!({"login": "ann"}), verifiable("ann@example.com"), "#/"),
    ];
    let mut welcome = start().await;
    welcome.vendor.let_bounce("ann@example.com");
    for (traits, addresses, pointer) in table {
        let answer = welcome.call(event(&before_save(traits, addresses))).await;
        assert_eq!((answer.status, answer.message()), (400, (pointer, UNDELIVERABLE)));
        let question = welcome.received_once();
        assert_eq!(question.method, "rejects/list");
        assert_eq!(question.body, json!({"email": "ann@example.com", "key": FakeMandrill::KEY}));
    }
}

#[tokio::test]
async fn screening_passes_on_any_other_mandrill_response() {
    let list = |rejects: Value| mandrill_replies::rows(&rejects);
    let harmless = [
        list(json!([])),
        list(json!([reject("ann@example.com", "soft-bounce", false)])),
        list(json!([reject("ann@example.com", "spam", false)])),
        list(json!([reject("ann@example.com", "unsub", false)])),
        list(json!([reject("ann@example.com", "custom", false)])),
        list(json!([reject("ann@example.com", "hard-bounce", true)])),
        list(json!([reject("eve@example.com", "hard-bounce", false)])),
        list(json!({"a": "surprise"})),
        mandrill_replies::error(500, "GeneralError"),
        mandrill_replies::error(404, "Unknown_Subaccount"),
        vendor_replies::html(502),
        FakeReply::HangUp,
        vendor_replies::nothing(),
    ];
    let mut welcome = start().await;
    for reply in harmless {
        let context = format!("{reply:?}");
        welcome.vendor.reply_next(reply);
        assert_eq!(welcome.call(event(&ann_before_save())).await.status, 204, "{context}");
        assert_eq!(welcome.received_once().method, "rejects/list", "{context}");
    }
    welcome.vendor.set_resetting(true);
    assert_eq!(welcome.call(event(&ann_before_save())).await.status, 204);
}

#[tokio::test]
async fn screening_refreshes_a_rotated_key_and_retries() {
    let mut welcome = start().await;
    welcome.vendor.let_bounce("ann@example.com");
    welcome.vendor.set_key("the-next-mandrill-key");
    assert_eq!(welcome.call(event(&ann_before_save())).await.status, 204);
    assert_eq!(welcome.received().len(), 2, "one with the old key, one with what was fetched");
    welcome.secrets.put(VENDOR_SECRET, "the-next-mandrill-key");
    assert_eq!(welcome.call(event(&ann_before_save())).await.status, 400);
}

#[tokio::test]
async fn screening_without_an_address_makes_no_call() {
    let mut welcome = start().await;
    let nobody = before_save(json!({"login": "ann"}), json!(null));
    assert_eq!(welcome.call(event(&nobody)).await.status, 204);
    assert!(welcome.received().is_empty());
}

#[tokio::test]
async fn screening_passes_if_the_key_is_unavailable() {
    let setup = Setup::new().await.var("SCREEN_REJECTS", "true");
    let mut welcome = setup.var("MANDRILL_SECRET_ID", "missing").start().await;
    welcome.vendor.let_bounce("ann@example.com");
    assert_eq!(welcome.call(event(&ann_before_save())).await.status, 204);
}

#[tokio::test]
async fn screening_is_skipped_after_the_save() {
    let mut welcome = start().await;
    welcome.vendor.let_bounce("ann@example.com");
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "rejected"), "by Mandrill itself");
    assert_eq!(welcome.received_once().method, "messages/send");
}

#[tokio::test]
async fn screening_is_off_by_default() {
    for setting in ["", "false"] {
        let mut welcome = Setup::new().await.var("SCREEN_REJECTS", setting).start().await;
        welcome.vendor.let_bounce("ann@example.com");
        assert_eq!(welcome.call(event(&ann_before_save())).await.status, 204);
        assert!(welcome.received().is_empty());
    }
}

#[tokio::test]
async fn screening_runs_before_the_reply_template() {
    let setup = Setup::new().await.var("SCREEN_REJECTS", "true");
    let mut welcome = setup.reply_template("function(ctx, outcome) null").start().await;
    assert_eq!(welcome.call(event(&ann_before_save())).await.status, 204);
    welcome.vendor.let_bounce("ann@example.com");
    let answer = welcome.call(event(&ann_before_save())).await;
    assert_eq!(answer.message(), ("#/traits/email", UNDELIVERABLE));
}
