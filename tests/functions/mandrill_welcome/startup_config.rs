//! Startup: invalid configuration that stops it, and the error that is logged.

use super::{setup::Setup, templates::FROM_THE_DOCUMENTS};
use crate::common::{
    enqueued,
    ory::{ann, event},
    startup_config,
};

#[tokio::test]
async fn missing_variable_stops_startup() {
    startup_config::fails_without(Setup::new, &["WEBHOOK_SECRET_ID", "MANDRILL_SECRET_ID"]).await;
}

#[tokio::test]
async fn invalid_variable_stops_startup() {
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
        ("FROM_EMAIL", "hunter2"),
        ("FROM_EMAIL", "The Shop <hunter2@example.com>"),
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
    startup_config::fails_with(Setup::new, &table).await;
}

#[tokio::test]
async fn invalid_template_stops_startup_and_logs_the_line() {
    startup_config::fails_over_a_broken_template(Setup::new, &["TEMPLATE", "REPLY_TEMPLATE"]).await;
}

#[tokio::test]
async fn empty_optional_variable_counts_as_unset() {
    let names = [
        "TEMPLATE",
        "REPLY_TEMPLATE",
        "SCREEN_REJECTS",
        "FROM_NAME",
        "SUBJECT",
        "LOG_LEVEL",
        "VENDOR_TIMEOUT_MS",
    ];
    let setup = names.into_iter().fold(Setup::new().await, |setup, name| setup.var(name, ""));
    let mut welcome = setup.start().await;
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "delivered"));
}

#[tokio::test]
async fn invalid_template_keeps_events_in_the_queue() {
    enqueued::invalid_template_keeps_events_until_it_is_fixed(
        Setup::queued().await,
        event(&ann()),
        FROM_THE_DOCUMENTS,
    )
    .await;
}

#[tokio::test]
async fn invalid_reply_template_stops_startup_with_and_without_a_queue() {
    startup_config::fails_over_a_broken_template(Setup::queued, &["REPLY_TEMPLATE"]).await;
}

#[tokio::test]
async fn queue_url_without_https_or_loopback_stops_startup() {
    startup_config::fails_with(Setup::queued, &startup_config::QUEUES_OF_NO_USE).await;
}

#[tokio::test]
async fn queue_without_a_table_stops_startup() {
    startup_config::fails_without(Setup::queued, &["RECORDS_TABLE"]).await;
}
