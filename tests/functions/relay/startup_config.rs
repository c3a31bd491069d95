//! Startup: invalid configuration that stops it, and the error that is logged.

use super::setup::{queued, setup};
use crate::common::{
    enqueued,
    ory::{ann, event},
    startup_config,
};

#[tokio::test]
async fn missing_variable_stops_startup() {
    let names = ["WEBHOOK_SECRET_ID", "RELAY_PRESET", "RELAY_SECRET_ID"];
    startup_config::fails_without(setup, &names).await;
}

#[tokio::test]
async fn invalid_variable_stops_startup() {
    let table = [
        ("RELAY_PRESET", "hunter2"),
        ("RELAY_PRESET", "file:///hunter2.json"),
        ("RELAY_ORIGIN", "http://hunter2.example.com"),
        ("RELAY_ORIGIN", "http://169.254.169.254:80/hunter2"),
        ("RELAY_ORIGIN", "http://localhost:9000/hunter2"),
        ("RELAY_ORIGIN", "https://hunter2:hunter2@api.hubapi.com"),
        ("RELAY_ORIGIN", "https://10.0.0.1/hunter2"),
        ("RELAY_ORIGIN", "hunter2"),
        ("RELAY_AUTH", "hunter2"),
        ("RELAY_AUTH", "header:Host hunter2"),
        ("RELAY_OUTCOMES", "hunter2"),
        ("RELAY_IDEMPOTENCY_HEADER", "hunter2: x"),
        ("ON_IN_DOUBT", "hunter2"),
        ("RELAY_ALLOW_LOOPBACK", "hunter2"),
        ("VENDOR_TIMEOUT_MS", "hunter2"),
        ("TEMPLATE", "hunter2"),
    ];
    startup_config::fails_with(setup, &table).await;
}

#[tokio::test]
async fn loopback_stops_startup_unless_it_is_allowed() {
    for value in ["", "false"] {
        let setup = setup().await.var("RELAY_ALLOW_LOOPBACK", value);
        let log = setup.fail_to_start().await;
        assert!(log.contains("RELAY_ORIGIN: "), "{log:#?}");
    }
}

#[tokio::test]
async fn preset_without_an_origin_needs_one() {
    let setup = setup().await.var("RELAY_PRESET", "braze").var("RELAY_ORIGIN", "");
    assert!(setup.fail_to_start().await.contains("RELAY_ORIGIN: "));
}

#[tokio::test]
async fn queue_needs_a_table_only_to_hold() {
    let hold = async || queued().await.var("ON_IN_DOUBT", "hold");
    assert!(hold().await.fail_to_start().await.contains("RECORDS_TABLE: "));
    let mut relay = hold().await.with_table().start().await;
    assert_eq!(relay.call(event(&ann())).await.row(), (202, "accepted"));
    let mut relay = queued().await.start().await;
    assert_eq!(relay.call(event(&ann())).await.row(), (202, "accepted"));
    assert!(relay.work().await.is_empty());
    assert_eq!(relay.dynamo_db.calls(), 0);
}

#[tokio::test]
async fn invalid_template_stops_startup_and_logs_the_line() {
    startup_config::fails_over_a_broken_template(setup, &["TEMPLATE"]).await;
}

#[tokio::test]
async fn invalid_template_keeps_events_in_the_queue() {
    let fixed = "function(ctx) {
      path: '/crm/objects/2026-03/contacts/batch/upsert',
      body: { inputs: [{ idProperty: 'email', id: ctx.recipient, properties: {} }] },
    }";
    let setup = queued().await;
    enqueued::invalid_template_keeps_events_until_it_is_fixed(setup, event(&ann()), fixed).await;
}
