//! Startup: invalid configuration that stops it, and the error that is logged.

use super::setup::{OPTS_IN, Setup, opting_in, queued_and_opting_in};
use crate::common::{
    enqueued,
    ory::{ann, event},
    startup_config,
};

#[tokio::test]
async fn missing_variable_stops_startup() {
    let names = ["WEBHOOK_SECRET_ID", "MAILCHIMP_SECRET_ID", "MAILCHIMP_LIST_ID"];
    startup_config::fails_without(Setup::new, &names).await;
}

#[tokio::test]
async fn invalid_variable_stops_startup() {
    let table = [
        ("MAILCHIMP_LIST_ID", "hunter2/members"),
        ("MAILCHIMP_LIST_ID", "../hunter2"),
        ("MAILCHIMP_LIST_ID", "hunter2?fields=id"),
        ("MAILCHIMP_URL", "http://us6.hunter2.com/3.0"),
        ("MAILCHIMP_URL", "http://127.0.0.1.hunter2.example.com"),
        ("MAILCHIMP_URL", "https://hunter2:hunter2@us6.api.mailchimp.com/3.0"),
        ("MAILCHIMP_URL", "hunter2"),
        ("OPT_IN", "hunter2"),
        ("OPT_IN", "List"),
        ("UNVERIFIED", "hunter2"),
        ("NOT_OPTED_IN", "hunter2"),
        ("VENDOR_TIMEOUT_MS", "hunter2"),
        ("VENDOR_TIMEOUT_MS", "0"),
        ("VENDOR_TIMEOUT_MS", "58001"),
        ("SECRET_TTL_SECONDS", "hunter2"),
        ("RECORD_TTL_HOURS", "hunter2"),
        ("LOG_LEVEL", "hunter2"),
        ("TEMPLATE", "hunter2"),
        ("TEMPLATE", "https://hunter2.example.com/subscribe.jsonnet"),
        ("TEMPLATE", "base64://hunter2"),
        ("TEMPLATE", "file:///hunter2.jsonnet"),
    ];
    startup_config::fails_with(Setup::new, &table).await;
}

#[tokio::test]
async fn invalid_template_stops_startup_and_logs_the_line() {
    startup_config::fails_over_a_broken_template(Setup::new, &["TEMPLATE"]).await;
}

#[tokio::test]
async fn empty_optional_variable_counts_as_unset() {
    let names = [
        "OPT_IN",
        "NOT_OPTED_IN",
        "WEBHOOK_API_KEY_NAME",
        "RECORD_TTL_HOURS",
        "SECRET_TTL_SECONDS",
        "LOG_LEVEL",
        "VENDOR_TIMEOUT_MS",
    ];
    let setup = names.into_iter().fold(opting_in().await, |setup, name| setup.var(name, ""));
    let mut subscribe = setup.start().await;
    assert_eq!(subscribe.call(event(&ann())).await.row(), (200, "delivered"));
}

/// The longest time for one call that the function's own time admits.
#[tokio::test]
async fn largest_vendor_timeout_is_accepted() {
    let mut subscribe = opting_in().await.var("VENDOR_TIMEOUT_MS", "58000").start().await;
    assert_eq!(subscribe.call(event(&ann())).await.row(), (200, "delivered"));
}

#[tokio::test]
async fn invalid_template_keeps_events_in_the_queue() {
    let setup = queued_and_opting_in().await;
    enqueued::invalid_template_keeps_events_until_it_is_fixed(setup, event(&ann()), OPTS_IN).await;
}

#[tokio::test]
async fn queue_url_without_https_or_loopback_stops_startup() {
    startup_config::fails_with(Setup::queued, &startup_config::QUEUES_OF_NO_USE).await;
}

#[tokio::test]
async fn queue_without_a_table_stops_startup() {
    startup_config::fails_without(Setup::queued, &["RECORDS_TABLE"]).await;
}
