//! `docs/glossary.md` lists the contract words: metrics, log fields, outcomes and the attributes of
//! records.

use std::collections::BTreeSet;

use shared::{
    answer::ErrorResponse,
    idempotency::{KEY_ATTRIBUTE, TTL_ATTRIBUTE},
    telemetry::{LogEntry, Metric},
};

use super::{read, rows, section};

const PAGE: &str = "docs/glossary.md";

/// The words at the start of the rows under a heading.
fn listed(heading: &str) -> BTreeSet<String> {
    let rows = rows(&section(PAGE, heading));
    let words = rows.iter().map(|row| {
        assert!(row.len() == 2 && !row[1].is_empty(), "{row:?} has no definition");
        let word = row[0].strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
        word.unwrap_or_else(|| panic!("{row:?} does not start with a word in backticks"))
    });
    words.map(str::to_owned).collect()
}

fn set<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    words.into_iter().map(str::to_owned).collect()
}

/// The string literals of a part of a source file, from `start` to the next `end`.
fn literals(file: &str, start: &str, end: &str) -> BTreeSet<String> {
    let source = read(file);
    let (_, part) = source.split_once(start).unwrap_or_else(|| panic!("{file} has no {start}"));
    let (part, _) = part.split_once(end).unwrap();
    set(part.split('"').skip(1).step_by(2))
}

#[test]
fn metrics() {
    assert_eq!(listed("### Metrics"), set(Metric::ALL.iter().map(|metric| metric.name())));
}

#[test]
fn log_fields() {
    // Every field is named, so that a new one does not compile without a row.
    let line = LogEntry {
        message: "request",
        event_id: Some(String::new()),
        trigger_id: Some(String::new()),
        identity_id: Some(String::new()),
        outcome: "delivered",
        cause: Some(String::new()),
        status: Some(0),
        vendor_status: Some(0),
        attempt: Some(0),
        calls: Some(0),
        duration_ms: 0,
        metrics: Vec::new(),
    };
    let line = serde_json::to_value(line).unwrap();
    let fields = line.as_object().unwrap().keys().map(String::as_str);
    assert_eq!(
        listed("### Log fields"),
        set(fields.chain(["timestamp", "level", "stack", "function"]))
    );
}

/// The words of events, of refused requests, and those that are set where a request ends otherwise.
#[test]
fn outcomes() {
    let mut words = literals("shared/src/outcome.rs", "pub fn word(", "\n    }\n");
    words.extend(set(ErrorResponse::ALL.map(ErrorResponse::word)));
    for file in [
        "shared/src/accept.rs",
        "shared/src/telemetry/mod.rs",
        "functions/mailchimp-inbound/src/accept.rs",
    ] {
        let source = read(file);
        let set_here = source.split("outcome = \"").skip(1);
        words.extend(set_here.map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
    assert_eq!(listed("### Outcomes"), words);
}

#[test]
fn record_attributes() {
    let mut attributes = set([KEY_ATTRIBUTE, TTL_ATTRIBUTE, "vendor_id"]);
    attributes.extend(literals("shared/src/idempotency/dynamodb.rs", "const STATE", "fn holder"));
    assert_eq!(listed("### Record attributes"), attributes);
}
