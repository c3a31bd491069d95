//! Startup: invalid configuration that stops it, and the error that is logged.

use serde_json::json;

use super::{
    events::event,
    setup::{known, setup, signed},
};
use crate::common::{enqueued, startup_config};

#[tokio::test]
async fn missing_setting_stops_startup() {
    let required =
        ["MANDRILL_WEBHOOK_SECRET_ID", "MANDRILL_WEBHOOK_URL", "QUEUE_URL", "RECORDS_TABLE"];
    startup_config::fails_without(setup, &required).await;
}

#[tokio::test]
async fn invalid_variable_stops_startup() {
    let table = [
        ("MANDRILL_WEBHOOK_URL", "hunter2"),
        ("MANDRILL_WEBHOOK_URL", "http://hunter2.example.com/"),
        ("MANDRILL_WEBHOOK_URL", "hunter2@example.com"),
        ("SEGMENT_URL", "http://hunter2.example.com/v1"),
        ("ORY_URL", "http://hunter2.example.com"),
        ("ORY_PATCH_PATHS", "hunter2"),
        ("VENDOR_TIMEOUT_MS", "hunter2"),
        ("SECRET_TTL_SECONDS", "hunter2"),
        ("LOG_LEVEL", "hunter2"),
        ("TEMPLATE", "hunter2"),
    ];
    startup_config::fails_with(setup, &table).await;
    startup_config::fails_with(setup, &startup_config::QUEUES_OF_NO_USE).await;
}

/// Mandrill allows a user and a query, as of a proxy.
#[tokio::test]
async fn url_with_a_user_and_a_query_is_taken_as_it_is_written() {
    for url in [
        "https://user:password@example.com/hook?secret=s3cret",
        "https://EXAMPLE.com",
        "http://127.0.0.1:9000/lambda-url/mandrill-inbound/",
    ] {
        let mut inbound = setup().await.var("MANDRILL_WEBHOOK_URL", url).start().await;
        let events = json!([event("hard_bounce", 0)]);
        let answer = inbound.call(super::setup::signed_by(super::setup::KEY, url, &events)).await;
        assert_eq!(answer.row(), (200, "accepted"), "{url}");
        assert!(!inbound.end().await.contains("password"));
    }
}

#[tokio::test]
async fn invalid_template_keeps_events_in_the_queue() {
    let event = signed(&json!([event("hard_bounce", 0)]));
    let fixed = mandrill_inbound::shipped_template();
    enqueued::invalid_template_keeps_events_until_it_is_fixed(known().await, event, fixed.code())
        .await;
}
