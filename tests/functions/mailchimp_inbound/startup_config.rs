//! The start: what stops it, and what it says then.

use super::{
    forms::form,
    setup::{TELLS, event, is_skipped, queued, setup},
};
use crate::common::{enqueued, startup_config};

#[tokio::test]
async fn a_missing_secret_s_name_stops_it() {
    startup_config::fails_without(setup, &["WEBHOOK_SECRET_ID"]).await;
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
    startup_config::fails_with(setup, &table).await;
}

#[tokio::test]
async fn a_template_that_does_not_parse_stops_it_and_its_line_is_named() {
    startup_config::fails_over_a_broken_template(setup, &["TEMPLATE"]).await;
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

#[tokio::test]
async fn a_template_that_does_not_parse_keeps_events_where_there_is_a_queue() {
    let (setup, event) = (queued().await, event(form("subscribe")));
    enqueued::a_broken_template_keeps_events_until_it_is_mended(setup, event, TELLS).await;
}

#[tokio::test]
async fn a_queue_that_is_neither_https_nor_loopback_stops_it() {
    startup_config::fails_with(queued, &startup_config::QUEUES_OF_NO_USE).await;
}

#[tokio::test]
async fn a_queue_without_a_table_stops_it() {
    startup_config::fails_without(queued, &["RECORDS_TABLE"]).await;
}
