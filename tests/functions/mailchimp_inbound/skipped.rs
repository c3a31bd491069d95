//! Events that are skipped: answered 200 and counted, without any call.

use serde_json::json;

use super::{
    forms::{LIST, TYPES, UNKNOWN_TYPES, at, form, with},
    people::{known, known_and_queued},
    setup::{SENDS_TO_SEGMENT, Vendors, event, is_skipped, setup, start, start_with},
};
use crate::common::{event_log::metrics, setup::Running};

/// Sends forms and checks that each is skipped for this reason.
async fn are_skipped(mut inbound: Running<Vendors>, forms: Vec<String>, reason: &str) {
    for form in &forms {
        let answer = inbound.call(event(form)).await;
        assert!(is_skipped(&answer, reason), "{form}: {answer:?}");
    }
    assert!(inbound.received().is_empty());
    let event_log = inbound.end().await.event_log();
    assert_eq!(event_log.len(), forms.len());
    for line in &event_log {
        assert_eq!(line["outcome"], "skipped");
        assert!(line["cause"].as_str().unwrap().contains(reason), "{line:#}");
        assert_eq!(metrics(line), ["Received", "Skipped"].into(), "{line:#}");
    }
}

#[tokio::test]
async fn unknown_event_types_are_skipped() {
    let bare = "type=pending".to_owned();
    let forms = UNKNOWN_TYPES.map(form).into_iter().chain([bare, form("SUBSCRIBE")]);
    are_skipped(start_with(SENDS_TO_SEGMENT).await, forms.collect(), "unknown type").await;
}

#[tokio::test]
async fn unknown_event_type_is_logged_if_it_is_a_word() {
    let mut inbound = start().await;
    for kind in ["sms_subscribe", "ann%40example.com"] {
        inbound.call(event(form(kind))).await;
    }
    let log = inbound.end().await;
    let causes: Vec<_> = log.event_log().iter().map(|line| line["cause"].clone()).collect();
    assert_eq!(causes, ["unknown type: sms_subscribe", "unknown type: (not a word)"]);
    assert!(!log.contains("ann"));
}

#[tokio::test]
async fn finished_batch_operation_is_skipped() {
    let batch = "type=batch_operation_completed&fired_at=2026-02-03+08%3A30%3A00\
         &data%5Bid%5D=8b2428d747&data%5Bstatus%5D=finished&data%5Btotal_operations%5D=2\
         &data%5Bresponse_body_url%5D=https%3A%2F%2Fexample.com%2Fresponse.tar.gz";
    let bare = "type=batch_operation_completed&data[id]=8b2428d747";
    let forms = vec![batch.to_owned(), bare.to_owned()];
    are_skipped(start_with(SENDS_TO_SEGMENT).await, forms, "unknown type").await;
}

/// Forms whose person was deleted for good.
fn forgotten() -> Vec<String> {
    let about = |kind: &str, name: &str, address: &str| with(&form(kind), name, address);
    let address = "3a5f%40forgotten.mailchimp.com";
    vec![
        about("subscribe", "data[email]", address),
        about("unsubscribe", "data[email]", "3a5f%40Forgotten.MailChimp.com"),
        about("profile", "data[email]", address),
        about("cleaned", "data[email]", address),
        about("upemail", "data[old_email]", address),
        about("upemail", "data[new_email]", address),
    ]
}

#[tokio::test]
async fn forgotten_contact_is_skipped_without_ory_calls() {
    for setup in [known().await.template(SENDS_TO_SEGMENT), known_and_queued().await] {
        let mut inbound = setup.start().await;
        for form in forgotten() {
            let answer = inbound.call(event(&form)).await;
            assert!(is_skipped(&answer, "forgotten address"), "{form}: {answer:?}");
        }
        assert!(inbound.asked().is_empty() && inbound.received().is_empty());
        assert!(inbound.stored().is_empty());
        for line in inbound.end().await.event_log() {
            assert_eq!(line["cause"], "forgotten address");
            assert_eq!(metrics(&line), ["Received", "Skipped"].into(), "{line:#}");
        }
    }
}

#[tokio::test]
async fn address_that_only_looks_forgotten_is_not_skipped() {
    let addresses = ["ann%40forgotten.mailchimp.com.example.com", "ann%40mailchimp.com"];
    let mut inbound = start_with(SENDS_TO_SEGMENT).await;
    for address in addresses {
        let form = with(&form("subscribe"), "data[email]", address);
        assert_eq!(inbound.call(event(form)).await.row(), (200, "delivered"), "{address}");
    }
}

#[tokio::test]
async fn unconfigured_lists_are_skipped() {
    let lists =
        setup().await.template(SENDS_TO_SEGMENT).var("MAILCHIMP_LISTS", "b7c6eb2165, c8d7fc3276");
    let mut inbound = lists.start().await;
    for kind in TYPES {
        let answer = inbound.call(event(form(kind))).await;
        assert!(is_skipped(&answer, "list not accepted"), "{kind}");
    }
    assert!(inbound.received().is_empty());
    for line in inbound.end().await.event_log() {
        assert_eq!(metrics(&line), ["Received", "ListNotAccepted", "Skipped"].into(), "{line:#}");
    }
}

#[tokio::test]
async fn list_id_is_case_insensitive() {
    let lists =
        setup().await.template(SENDS_TO_SEGMENT).var("MAILCHIMP_LISTS", LIST.to_uppercase());
    let mut inbound = lists.start().await;
    assert_eq!(inbound.call(event(form("subscribe"))).await.row(), (200, "delivered"));
    let other = with(&form("profile"), "data[list_id]", &LIST.to_uppercase());
    assert_eq!(inbound.call(event(at(&other, 1))).await.row(), (200, "delivered"));
}

#[tokio::test]
async fn configured_list_is_not_skipped() {
    let lists = setup()
        .await
        .template(SENDS_TO_SEGMENT)
        .var("MAILCHIMP_LISTS", format!("b7c6eb2165, {LIST}"));
    let mut inbound = lists.start().await;
    assert_eq!(inbound.call(event(form("subscribe"))).await.row(), (200, "delivered"));
    let other = with(&form("subscribe"), "data[list_id]", "c8d7fc3276");
    assert!(is_skipped(&inbound.call(event(other)).await, "list not accepted"));
}

#[tokio::test]
async fn campaign_event_is_skipped() {
    are_skipped(start().await, vec![form("campaign")], "cancelled").await;
}

#[tokio::test]
async fn unknown_identity_is_skipped() {
    let about_somebody = TYPES.iter().filter(|kind| **kind != "campaign");
    let forms = about_somebody.map(|kind| form(kind)).collect();
    are_skipped(start().await, forms, "nothing to do").await;
}

#[tokio::test]
async fn event_without_template_output_or_cancelled_is_skipped() {
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
        are_skipped(inbound, vec![form("subscribe"), form("profile")], reason).await;
    }
}

#[tokio::test]
async fn cancelled_event_makes_no_other_event_stale() {
    let code = "function(ctx)
        if ctx.event.type == 'subscribe' then error 'cancel' else
        { segment: { userId: ctx.event.data.id } }";
    let mut inbound = start_with(code).await;
    for _ in 0..2 {
        let newer = inbound.call(event(at(&form("subscribe"), 1))).await;
        assert!(is_skipped(&newer, "cancelled"), "{newer:?}");
    }
    assert_eq!(inbound.call(event(form("unsubscribe"))).await.row(), (200, "delivered"));
}

#[tokio::test]
async fn skipped_event_is_skipped_again_when_redelivered() {
    let mut inbound = start_with("function(ctx) {}").await;
    for _ in 0..2 {
        assert!(is_skipped(&inbound.call(event(form("subscribe"))).await, "nothing to do"));
    }
}

#[tokio::test]
async fn without_a_segment_key_segment_is_not_called() {
    let without =
        setup().await.template(SENDS_TO_SEGMENT).with(|it| it.without("SEGMENT_SECRET_ID"));
    are_skipped(without.start().await, vec![form("subscribe")], "nothing to do").await;
    let empty = setup().await.template(SENDS_TO_SEGMENT).var("SEGMENT_SECRET_ID", "");
    let mut inbound = empty.start().await;
    let answer = inbound.call(event(form("subscribe"))).await;
    assert_eq!(answer.body, json!({"status": "skipped", "reason": "nothing to do"}));
}
