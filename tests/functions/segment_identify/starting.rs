//! The start: what stops it, and what it says then.

use super::setup::setup;
use crate::common::{
    ory::{ann, event},
    starting,
};

#[tokio::test]
async fn a_missing_variable_stops_it() {
    starting::fails_without(setup, &["WEBHOOK_SECRET_ID", "SEGMENT_SECRET_ID"]).await;
}

#[tokio::test]
async fn a_value_of_no_use_stops_it() {
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
    starting::fails_with(setup, &table).await;
}

#[tokio::test]
async fn a_template_that_does_not_parse_stops_it_and_its_line_is_named() {
    starting::fails_over_a_broken_template(setup, &["TEMPLATE", "REPLY_TEMPLATE"]).await;
}

#[tokio::test]
async fn an_empty_variable_that_is_not_required_counts_as_unset() {
    let setup = ["TEMPLATE", "REPLY_TEMPLATE", "LOG_LEVEL", "VENDOR_TIMEOUT_MS"]
        .into_iter()
        .fold(setup().await, |setup, name| setup.var(name, ""));
    let mut identify = setup.start().await;
    assert_eq!(identify.call(event(&ann())).await.row(), (200, "delivered"));
}
