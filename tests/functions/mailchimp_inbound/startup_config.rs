//! Startup: invalid configuration that stops it, and the error that is logged.

use super::{
    forms::form,
    setup::{SENDS_TO_SEGMENT, event, is_skipped, queued, setup},
};
use crate::common::{enqueued, startup_config};

#[tokio::test]
async fn missing_secret_name_stops_startup() {
    startup_config::fails_without(setup, &["WEBHOOK_SECRET_ID"]).await;
}

#[tokio::test]
async fn invalid_variable_stops_startup() {
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
    startup_config::fails_with(setup, &table).await;
}

#[tokio::test]
async fn invalid_template_stops_startup_and_logs_the_line() {
    startup_config::fails_over_a_broken_template(setup, &["TEMPLATE"]).await;
}

#[tokio::test]
async fn empty_optional_variable_counts_as_unset() {
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

#[tokio::test]
async fn invalid_template_keeps_events_in_the_queue() {
    let (setup, event) = (queued().await, event(form("subscribe")));
    enqueued::invalid_template_keeps_events_until_it_is_fixed(setup, event, SENDS_TO_SEGMENT).await;
}

#[tokio::test]
async fn queue_url_without_https_or_loopback_stops_startup() {
    startup_config::fails_with(queued, &startup_config::QUEUES_OF_NO_USE).await;
}

#[tokio::test]
async fn queue_without_a_table_stops_startup() {
    startup_config::fails_without(queued, &["RECORDS_TABLE"]).await;
}
