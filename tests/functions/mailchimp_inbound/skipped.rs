//! Events that are deliberately not acted upon: a 200, counted, and nobody is told.

use ory_actions::standins::Segment;
use serde_json::json;

use super::{
    forms::{LIST, TYPES, UNKNOWN_TYPES, form, with},
    setup::{TELLS, event, is_skipped, setup, start, start_with},
};
use crate::common::{journal::metrics, setup::Running};

/// Sends forms, and sees each skipped for this reason.
async fn are_skipped(mut inbound: Running<Segment>, forms: Vec<String>, reason: &str) {
    for form in &forms {
        let answer = inbound.call(event(form)).await;
        assert!(is_skipped(&answer, reason), "{form}: {answer:?}");
    }
    assert!(inbound.received().is_empty());
    let journal = inbound.end().await.journal();
    assert_eq!(journal.len(), forms.len());
    for line in &journal {
        assert_eq!(line["outcome"], "skipped");
        assert!(line["cause"].as_str().unwrap().contains(reason), "{line:#}");
        assert_eq!(metrics(line), ["Accepted", "Skipped"].into(), "{line:#}");
    }
}

#[tokio::test]
async fn types_that_nobody_knows_are_skipped() {
    let bare = "type=pending".to_owned();
    let forms = UNKNOWN_TYPES.map(form).into_iter().chain([bare, form("SUBSCRIBE")]);
    are_skipped(start_with(TELLS).await, forms.collect(), "unknown type").await;
}

#[tokio::test]
async fn a_type_that_nobody_knows_is_named_in_the_log_where_it_is_a_word() {
    let mut inbound = start().await;
    for kind in ["sms_subscribe", "ann%40example.com"] {
        inbound.call(event(form(kind))).await;
    }
    let log = inbound.end().await;
    let causes: Vec<_> = log.journal().iter().map(|line| line["cause"].clone()).collect();
    assert_eq!(causes, ["unknown type: sms_subscribe", "unknown type: (not a word)"]);
    assert!(!log.tells("ann"));
}

#[tokio::test]
async fn lists_that_are_not_named_are_skipped() {
    let lists = setup().await.template(TELLS).var("MAILCHIMP_LISTS", "b7c6eb2165, c8d7fc3276");
    are_skipped(lists.start().await, TYPES.map(form).into(), "list not accepted").await;
}

#[tokio::test]
async fn a_list_that_is_named_is_not_skipped() {
    let lists = setup().await.template(TELLS).var("MAILCHIMP_LISTS", format!("b7c6eb2165, {LIST}"));
    let mut inbound = lists.start().await;
    assert_eq!(inbound.call(event(form("subscribe"))).await.row(), (200, "delivered"));
    let other = with(&form("subscribe"), "data[list_id]", "c8d7fc3276");
    assert!(is_skipped(&inbound.call(event(other)).await, "list not accepted"));
}

#[tokio::test]
async fn a_campaign_is_skipped() {
    are_skipped(start().await, vec![form("campaign")], "cancelled").await;
}

#[tokio::test]
async fn nothing_is_to_be_done_for_somebody_whom_ory_does_not_know() {
    let about_somebody = TYPES.iter().filter(|kind| **kind != "campaign");
    let forms = about_somebody.map(|kind| form(kind)).collect();
    are_skipped(start().await, forms, "nothing to do").await;
}

#[tokio::test]
async fn what_the_template_leaves_out_or_cancels_is_skipped() {
    let table = [
        ("{}", "nothing to do"),
        ("{ segment: null }", "nothing to do"),
        ("{ idempotency_key: 'k' }", "nothing to do"),
        ("{ ory: { patch: [] } }", "nothing to do"),
        ("error 'cancel'", "cancelled"),
        ("{ segment: { userId: error 'cancelled: not this list' } }", "cancelled"),
    ];
    for (result, reason) in table {
        let inbound = start_with(&format!("function(ctx) {result}")).await;
        are_skipped(inbound, vec![form("subscribe"), form("subscribe")], reason).await;
    }
}

#[tokio::test]
async fn without_a_key_of_segment_s_it_is_not_told() {
    let without = setup().await.template(TELLS).with(|it| it.without("SEGMENT_SECRET_ID"));
    are_skipped(without.start().await, vec![form("subscribe")], "nothing to do").await;
    let empty = setup().await.template(TELLS).var("SEGMENT_SECRET_ID", "");
    let mut inbound = empty.start().await;
    let answer = inbound.call(event(form("subscribe"))).await;
    assert_eq!(answer.body, json!({"status": "skipped", "reason": "nothing to do"}));
}
