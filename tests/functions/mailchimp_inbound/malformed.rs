//! Malformed forms.

use integration::Event;

use super::{
    forms::{at, form, with, without},
    people::{ANN, known},
    setup::{SECRET, SENDS_TO_SEGMENT, error, event, start_with},
};

/// Sends malformed forms and checks that each is rejected, with its error in the log.
async fn are_malformed(table: Vec<(Event, &str)>) {
    let mut inbound = start_with(SENDS_TO_SEGMENT).await;
    for (event, word) in &table {
        let answer = inbound.call(event.clone()).await;
        assert_eq!((answer.status, answer.body), (400, error("malformed")), "{word}");
    }
    assert!(inbound.received().is_empty());
    let event_log = inbound.end().await.event_log();
    assert_eq!(event_log.len(), table.len());
    for ((_, word), line) in table.iter().zip(event_log) {
        assert!(line["cause"].as_str().unwrap().contains(word), "{word}: {line:#}");
    }
}

#[tokio::test]
async fn invalid_form_is_malformed() {
    let no_base64 = Event::post("no base64").declared_base64().query(&format!("secret={SECRET}"));
    let table = vec![
        (event(""), "`type`"),
        (event("&&&"), "`type`"),
        (event(r#"{"type":"subscribe"}"#), "`type`"),
        (no_base64, "base64"),
    ];
    are_malformed(table).await;
}

#[tokio::test]
async fn invalid_utf8_is_replaced_and_the_withdrawal_is_applied() {
    let unsubscribe = form("unsubscribe");
    for form in [
        with(&unsubscribe, "data[merges][FNAME]", "Andr%E9").into_bytes(),
        [unsubscribe.as_bytes(), b"&data%5Bmerges%5D%5BFNAME%5D=Andr\xe9"].concat(),
        [unsubscribe.as_bytes(), b"&\xff\xfe=x"].concat(),
    ] {
        let mut inbound = known().await.start().await;
        assert_eq!(inbound.call(event(&form)).await.row(), (200, "delivered"), "{form:?}");
        assert_eq!(inbound.consent(ANN), false);
    }
}

#[tokio::test]
async fn form_without_a_required_field_is_malformed() {
    let required = [
        ("subscribe", "type"),
        ("subscribe", "fired_at"),
        ("subscribe", "data[list_id]"),
        ("subscribe", "data[email]"),
        ("unsubscribe", "data[email]"),
        ("profile", "data[email]"),
        ("cleaned", "data[email]"),
        ("cleaned", "data[list_id]"),
        ("upemail", "data[new_email]"),
        ("upemail", "data[old_email]"),
        ("campaign", "data[id]"),
        ("campaign", "data[list_id]"),
    ];
    let missing = required.map(|(kind, name)| (event(without(&form(kind), name)), name));
    let empty = required.map(|(kind, name)| (event(with(&form(kind), name, "")), name));
    are_malformed(missing.into_iter().chain(empty).collect()).await;
}

#[tokio::test]
async fn invalid_time_is_malformed() {
    let times = ["2026-01-31", "2026-01-31T11:19:37Z", "2026-02-30+11:19:37", "1769858377", "now"];
    let table = times.map(|time| (event(with(&form("profile"), "fired_at", time)), "`fired_at`"));
    are_malformed(table.into()).await;
}

#[tokio::test]
async fn form_beyond_a_limit_is_malformed() {
    let form = form("subscribe");
    let branches = |count: usize| format!("{form}&data{}=x", "[a]".repeat(count));
    let pairs = |count: usize| form.clone() + &"&a=b".repeat(count);
    let named = |bytes: usize| with(&form, &"n".repeat(bytes), "x");
    let table = vec![
        (event(pairs(1000)), "1000 pairs"),
        (event(branches(10)), "10 levels"),
        (event(branches(50)), "10 levels"),
        (event(named(257)), "256 bytes"),
        (event(branches(100_000)), "256 bytes"),
    ];
    are_malformed(table).await;
    let mut inbound = start_with(SENDS_TO_SEGMENT).await;
    for (n, form) in (0..).zip([pairs(900), branches(9), named(256)]) {
        assert_eq!(inbound.call(event(at(&form, n))).await.row(), (200, "delivered"));
    }
}
