//! The entries of the event log.

use std::collections::BTreeSet;

use fakes::server::FakeReply;
use integration::Event;
use serde_json::{Value, json};

use super::{
    ory::{FIRST, ann, event},
    setup::{Running, Vendor},
};

/// What a line counts and measures; each metric is described in full. Left out is what follows from
/// the rest of the line, and is checked here: a server error, and no delivery where one was tried.
pub(crate) fn metrics(line: &Value) -> BTreeSet<&str> {
    let Some(aws) = line.get("_aws") else { return BTreeSet::new() };
    assert!(aws["Timestamp"].is_i64(), "{line:#}");
    let described = &aws["CloudWatchMetrics"][0];
    assert_eq!(described["Namespace"], "OryActions", "{line:#}");
    assert_eq!(described["Dimensions"], json!([["stack", "function"]]), "{line:#}");
    assert!(line["stack"].is_string() && line["function"].is_string(), "{line:#}");
    let metrics = described["Metrics"].as_array().unwrap();
    assert!(!metrics.is_empty(), "{line:#}");
    let names = metrics.iter().map(|metric| {
        let name = metric["Name"].as_str().unwrap();
        let unit = if name == "VendorLatency" { "Milliseconds" } else { "Count" };
        assert_eq!(metric["Unit"], unit, "{line:#}");
        assert!(line[name].is_number(), "{line:#}");
        name
    });
    let mut names: BTreeSet<_> = names.collect();
    let server_error = line["status"].as_u64().is_some_and(|status| status >= 500);
    assert_eq!(names.remove("ServerError"), server_error, "{line:#}");
    if line["outcome"] == "try_later" || line["outcome"] == "in_doubt" {
        assert!(names.remove("Delivered") && line["Delivered"] == 0.0, "{line:#}");
    } else {
        assert!(line["Delivered"] != 0.0, "{line:#}");
    }
    names
}

/// The outcome of each.
pub(crate) fn outcomes(lines: &[Value]) -> Vec<&str> {
    lines.iter().filter_map(|line| line["outcome"].as_str()).collect()
}

/// Checks the log entry of the first delivery of a process, of any event.
pub(crate) fn is_a_delivery<V: Vendor>(line: &Value, function: &str) {
    let field = |name: &str| line[name].clone();
    assert_eq!(field("function"), function);
    assert_eq!((field("outcome"), field("status")), (json!("delivered"), json!(200)));
    assert_eq!((field("vendor_status"), field("calls")), (json!(200), json!(V::CALLS)));
    assert!(field("duration_ms").is_u64());
    assert_eq!(metrics(line), ["Received", "Delivered", "VendorLatency"].into());
}

/// The one line of a request of Ory's.
pub(crate) async fn has_the_outcome_of_an_ory_request<V: Vendor>(
    mut running: Running<V>,
    function: &str,
) {
    running.call(event(&ann())).await;
    let line = running.end().await.only_line();
    is_a_delivery::<V>(&line, function);
    assert_eq!((&line["event_id"], &line["trigger_id"]), (&json!(FIRST), &json!(FIRST)));
    assert_eq!(line["identity_id"], ann()["identity"]["id"]);
}

/// An event, the vendor's answers to it, its outcome and its metrics.
pub(crate) type Case<'a> = (Event, Vec<FakeReply>, &'a str, &'a [&'a str]);

/// Sends these events, and checks that each has its line.
pub(crate) async fn has_one_log_entry_each<V: Vendor>(mut running: Running<V>, table: &[Case<'_>]) {
    for (event, replies, ..) in table {
        for reply in replies {
            running.vendor.reply_next(reply.clone());
        }
        running.call(event.clone()).await;
    }
    let event_log = running.end().await.event_log();
    assert_eq!(event_log.len(), table.len());
    for ((_, _, outcome, counted), line) in table.iter().zip(&event_log) {
        assert_eq!(line["outcome"], *outcome);
        assert_eq!(metrics(line), counted.iter().copied().collect(), "{line:#}");
    }
}
