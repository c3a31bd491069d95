//! The start: what stops it, and what it says then.

use base64::{Engine, engine::general_purpose::STANDARD};
use integration::Deployment;

use super::{
    people::ann,
    setup::{Setup, event},
};

/// Somebody may have pasted a key into the wrong variable: no value is ever shown.
const VALUE: &str = "hunter2";

/// Starts with one variable changed, and sees it fail over `named`.
async fn fails_over(named: &str, change: impl FnOnce(Deployment) -> Deployment) {
    let log = Setup::new().await.with(change).fail_to_start().await;
    assert!(log.tells(named), "{named} is not named in {log:#?}");
    assert!(!log.tells(VALUE), "the value of {named} is told");
    assert!(log.journal().is_empty());
}

#[tokio::test]
async fn a_missing_variable_stops_it() {
    for name in ["WEBHOOK_SECRET_ID", "MANDRILL_SECRET_ID"] {
        fails_over(name, |deployment| deployment.without(name)).await;
        fails_over(name, |deployment| deployment.var(name, "")).await;
    }
}

#[tokio::test]
async fn a_value_of_no_use_stops_it() {
    let table = [
        ("MANDRILL_URL", "http://hunter2.example.com/api/1.0"),
        ("MANDRILL_URL", "http://127.0.0.1.hunter2.example.com"),
        ("MANDRILL_URL", "https://hunter2:hunter2@mandrillapp.com"),
        ("MANDRILL_URL", "hunter2"),
        ("VENDOR_TIMEOUT_MS", "hunter2"),
        ("VENDOR_TIMEOUT_MS", "0"),
        ("VENDOR_TIMEOUT_MS", "-1"),
        ("VENDOR_TIMEOUT_MS", "1.5"),
        ("SECRET_TTL_SECONDS", "hunter2"),
        ("SECRET_TTL_SECONDS", "99999999999"),
        ("RECORD_TTL_HOURS", "hunter2"),
        ("SCREEN_REJECTS", "hunter2"),
        ("LOG_LEVEL", "hunter2"),
        ("TEMPLATE", "hunter2"),
        ("TEMPLATE", "https://hunter2.example.com/mail.jsonnet"),
        ("TEMPLATE", "base64://hunter2"),
        ("TEMPLATE", "base64:///w=="),
        ("TEMPLATE", "file:///hunter2.jsonnet"),
        ("TEMPLATE", "file://hunter2.jsonnet"),
        ("REPLY_TEMPLATE", "hunter2"),
        ("REPLY_TEMPLATE", "base64://hunter2"),
        ("REPLY_TEMPLATE", "file:///hunter2.jsonnet"),
    ];
    for (name, value) in table {
        fails_over(name, |deployment| deployment.var(name, value)).await;
    }
}

#[tokio::test]
async fn a_template_that_does_not_parse_stops_it_and_its_line_is_named() {
    let broken = "function(ctx) {\n  a: 'hunter2',\n  b: }\n";
    for name in ["TEMPLATE", "REPLY_TEMPLATE"] {
        let log = Setup::new()
            .await
            .with(|deployment| deployment.template(name, broken))
            .fail_to_start()
            .await;
        assert!(log.tells(&format!("{name}: ")) && log.tells("line 3"), "{log:#?}");
        assert!(!log.tells(VALUE) && !log.tells(&STANDARD.encode(broken)), "{log:#?}");
    }
}

#[tokio::test]
async fn an_empty_variable_that_is_not_required_counts_as_unset() {
    let setup = ["TEMPLATE", "REPLY_TEMPLATE", "SCREEN_REJECTS", "LOG_LEVEL", "VENDOR_TIMEOUT_MS"]
        .into_iter()
        .fold(Setup::new().await, |setup, name| setup.var(name, ""));
    let mut welcome = setup.start().await;
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "delivered"));
}
