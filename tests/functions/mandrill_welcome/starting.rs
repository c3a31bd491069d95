//! The start: what stops it, and what it says then.

use super::{setup::Setup, templates::FROM_THE_DOCUMENTS};
use crate::common::{
    ory::{ann, event},
    starting, stored,
};

#[tokio::test]
async fn a_missing_variable_stops_it() {
    starting::fails_without(Setup::new, &["WEBHOOK_SECRET_ID", "MANDRILL_SECRET_ID"]).await;
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
    starting::fails_with(Setup::new, &table).await;
}

#[tokio::test]
async fn a_template_that_does_not_parse_stops_it_and_its_line_is_named() {
    starting::fails_over_a_broken_template(Setup::new, &["TEMPLATE", "REPLY_TEMPLATE"]).await;
}

#[tokio::test]
async fn an_empty_variable_that_is_not_required_counts_as_unset() {
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
async fn a_template_that_does_not_parse_keeps_events_where_there_is_a_queue() {
    stored::a_broken_template_keeps_events_until_it_is_mended(
        Setup::queued().await,
        event(&ann()),
        FROM_THE_DOCUMENTS,
    )
    .await;
}

#[tokio::test]
async fn a_reply_template_that_does_not_parse_stops_it_queue_or_not() {
    starting::fails_over_a_broken_template(Setup::queued, &["REPLY_TEMPLATE"]).await;
}

#[tokio::test]
async fn a_queue_that_is_neither_https_nor_loopback_stops_it() {
    starting::fails_with(Setup::queued, &starting::QUEUES_OF_NO_USE).await;
}

#[tokio::test]
async fn a_queue_without_a_table_stops_it() {
    starting::fails_without(Setup::queued, &["RECORDS_TABLE"]).await;
}
