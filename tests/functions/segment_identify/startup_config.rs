//! Startup: invalid configuration that stops it, and the error that is logged.

use super::setup::{queued, setup};
use crate::common::{
    enqueued,
    ory::{ann, event},
    startup_config,
};

#[tokio::test]
async fn missing_variable_stops_startup() {
    startup_config::fails_without(setup, &["WEBHOOK_SECRET_ID", "SEGMENT_SECRET_ID"]).await;
}

#[tokio::test]
async fn invalid_variable_stops_startup() {
    let table = [
        ("SEGMENT_URL", "http://hunter2.example.com/v1"),
        ("SEGMENT_URL", "http://127.0.0.1.hunter2.example.com"),
        ("SEGMENT_URL", "https://hunter2:hunter2@api.segment.io/v1"),
        ("SEGMENT_URL", "hunter2"),
        ("VENDOR_TIMEOUT_MS", "hunter2"),
        ("SECRET_TTL_SECONDS", "hunter2"),
        ("LOG_LEVEL", "hunter2"),
        ("TEMPLATE", "hunter2"),
        ("TEMPLATE", "file:///hunter2.jsonnet"),
        ("REPLY_TEMPLATE", "base64://hunter2"),
    ];
    startup_config::fails_with(setup, &table).await;
}

#[tokio::test]
async fn invalid_template_stops_startup_and_logs_the_line() {
    startup_config::fails_over_a_broken_template(setup, &["TEMPLATE", "REPLY_TEMPLATE"]).await;
}

#[tokio::test]
async fn empty_optional_variable_counts_as_unset() {
    let setup = ["TEMPLATE", "REPLY_TEMPLATE", "LOG_LEVEL", "VENDOR_TIMEOUT_MS"]
        .into_iter()
        .fold(setup().await, |setup, name| setup.var(name, ""));
    let mut identify = setup.start().await;
    assert_eq!(identify.call(event(&ann())).await.row(), (200, "delivered"));
}

#[tokio::test]
async fn invalid_template_keeps_events_in_the_queue() {
    let fixed = "function(ctx) { userId: ctx.identity.id }";
    let setup = queued().await;
    enqueued::invalid_template_keeps_events_until_it_is_fixed(setup, event(&ann()), fixed).await;
}

#[tokio::test]
async fn invalid_reply_template_stops_startup_with_and_without_a_queue() {
    startup_config::fails_over_a_broken_template(queued, &["REPLY_TEMPLATE"]).await;
}

#[tokio::test]
async fn queue_url_without_https_or_loopback_stops_startup() {
    startup_config::fails_with(queued, &startup_config::QUEUES_OF_NO_USE).await;
}

#[tokio::test]
async fn queue_needs_no_table() {
    let mut identify = queued().await.start().await;
    assert_eq!(identify.call(event(&ann())).await.row(), (202, "accepted"));
    assert!(identify.work().await.is_empty());
    assert_eq!(identify.dynamo_db.calls(), 0);
}
