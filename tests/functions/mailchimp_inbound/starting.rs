//! The start: what stops it, and what it says then.

use integration::Deployment;

use super::{
    forms::form,
    setup::{event, is_skipped, setup},
};

/// Somebody may have pasted a key into the wrong variable: no value is ever shown.
const VALUE: &str = "hunter2";

/// Starts with one variable changed, and sees it fail over `named`.
async fn fails_over(named: &str, change: impl FnOnce(Deployment) -> Deployment) {
    let log = setup().await.with(change).fail_to_start().await;
    assert!(log.tells(named), "{named} is not named in {log:#?}");
    assert!(!log.tells(VALUE), "the value of {named} is told");
    assert!(log.journal().is_empty());
}

#[tokio::test]
async fn a_missing_secret_s_name_stops_it() {
    let name = "WEBHOOK_SECRET_ID";
    fails_over(name, |deployment| deployment.without(name)).await;
    fails_over(name, |deployment| deployment.var(name, "")).await;
}

#[tokio::test]
async fn a_value_of_no_use_stops_it() {
    let table = [
        ("SEGMENT_URL", "http://hunter2.example.com/v1"),
        ("SEGMENT_URL", "hunter2"),
        ("VENDOR_TIMEOUT_MS", "hunter2"),
        ("SECRET_TTL_SECONDS", "hunter2"),
        ("RECORD_TTL_HOURS", "hunter2"),
        ("LOG_LEVEL", "hunter2"),
        ("TEMPLATE", "hunter2"),
        ("TEMPLATE", "file:///hunter2.jsonnet"),
    ];
    for (name, value) in table {
        fails_over(name, |deployment| deployment.var(name, value)).await;
    }
}

#[tokio::test]
async fn a_template_that_does_not_parse_stops_it_and_its_line_is_named() {
    let broken = "function(ctx) {\n  a: 'hunter2',\n  b: }\n";
    let log = setup().await.template(broken).fail_to_start().await;
    assert!(log.tells("TEMPLATE: ") && log.tells("line 3"), "{log:#?}");
    assert!(!log.tells(VALUE), "{log:#?}");
}

#[tokio::test]
async fn an_empty_variable_that_is_not_required_counts_as_unset() {
    let names = [
        "TEMPLATE",
        "LOG_LEVEL",
        "VENDOR_TIMEOUT_MS",
        "RECORD_TTL_HOURS",
        "MAILCHIMP_LISTS",
        "SEGMENT_SECRET_ID",
        "SEGMENT_URL",
    ];
    let setup = names.into_iter().fold(setup().await, |setup, name| setup.var(name, ""));
    let mut inbound = setup.start().await;
    assert!(is_skipped(&inbound.call(event(form("subscribe"))).await, "nothing to do"));
}
