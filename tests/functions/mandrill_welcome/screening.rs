//! `SCREEN_REJECTS`: an address that bounces stops the sign-up before the identity is saved.

use fakes::{FakeMandrill, server::Reply};
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
async fn an_address_that_bounces_stops_the_sign_up_at_its_trait() {
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
async fn nothing_else_that_mandrill_can_say_stops_anybody() {
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
        Reply::HangUp,
        vendor_replies::nothing(),
    ];
    let mut welcome = start().await;
    for reply in harmless {
        let told = format!("{reply:?}");
        welcome.vendor.reply_next(reply);
        assert_eq!(welcome.call(event(&ann_before_save())).await.status, 204, "{told}");
        assert_eq!(welcome.received_once().method, "rejects/list", "{told}");
    }
    welcome.vendor.set_resetting(true);
    assert_eq!(welcome.call(event(&ann_before_save())).await.status, 204);
}

#[tokio::test]
async fn a_rotated_key_is_fetched_afresh_and_the_list_asked_again() {
    let mut welcome = start().await;
    welcome.vendor.let_bounce("ann@example.com");
    welcome.vendor.set_key("the-next-mandrill-key");
    assert_eq!(welcome.call(event(&ann_before_save())).await.status, 204);
    assert_eq!(welcome.received().len(), 2, "one with the old key, one with what was fetched");
    welcome.secrets.put(VENDOR_SECRET, "the-next-mandrill-key");
    assert_eq!(welcome.call(event(&ann_before_save())).await.status, 400);
}

#[tokio::test]
async fn without_an_address_nobody_is_asked() {
    let mut welcome = start().await;
    let nobody = before_save(json!({"login": "ann"}), json!(null));
    assert_eq!(welcome.call(event(&nobody)).await.status, 204);
    assert!(welcome.received().is_empty());
}

#[tokio::test]
async fn a_person_passes_where_the_key_cannot_be_had() {
    let setup = Setup::new().await.var("SCREEN_REJECTS", "true");
    let mut welcome = setup.var("MANDRILL_SECRET_ID", "missing").start().await;
    welcome.vendor.let_bounce("ann@example.com");
    assert_eq!(welcome.call(event(&ann_before_save())).await.status, 204);
}

#[tokio::test]
async fn after_the_save_nobody_is_screened() {
    let mut welcome = start().await;
    welcome.vendor.let_bounce("ann@example.com");
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "rejected"), "by Mandrill itself");
    assert_eq!(welcome.received_once().method, "messages/send");
}

#[tokio::test]
async fn unless_it_is_switched_on_nobody_is_screened() {
    for setting in ["", "false"] {
        let mut welcome = Setup::new().await.var("SCREEN_REJECTS", setting).start().await;
        welcome.vendor.let_bounce("ann@example.com");
        assert_eq!(welcome.call(event(&ann_before_save())).await.status, 204);
        assert!(welcome.received().is_empty());
    }
}

#[tokio::test]
async fn it_comes_before_the_reply_template() {
    let setup = Setup::new().await.var("SCREEN_REJECTS", "true");
    let mut welcome = setup.reply_template("function(ctx, outcome) null").start().await;
    assert_eq!(welcome.call(event(&ann_before_save())).await.status, 204);
    welcome.vendor.let_bounce("ann@example.com");
    let answer = welcome.call(event(&ann_before_save())).await;
    assert_eq!(answer.message(), ("#/traits/email", UNDELIVERABLE));
}
