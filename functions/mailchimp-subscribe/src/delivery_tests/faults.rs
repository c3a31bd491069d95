//! Faults of Mailchimp, races, and too little time.

use std::time::Duration;

use serde_json::{Value, json};
use shared::{deliver::DeliveryReport, template::Source};

use super::{
    audience::{Fault, State},
    world::{Sent, World, word},
};
use crate::consent::Rules;

/// A registration with consent and a verified address.
fn registration(ann: &mut World) -> Sent {
    (ann.consent, ann.is_verified) = (json!(true), true);
    ann.event("registration", &Value::Null)
}

#[tokio::test(start_paused = true)]
async fn write_in_doubt_starts_over_from_the_read() {
    let mut ann = World::new();
    let event = registration(&mut ann);
    ann.fail([Fault::Pass(2), Fault::Silence]);
    assert!(word(&ann.deliver(&event).await).starts_with("in_doubt"));
    ann.audience.calls();
    assert_eq!(word(&ann.deliver(&event).await), "delivered subscribed");
    let calls = ann.audience.calls();
    assert!(calls[0].starts_with("GET members/") && calls[1].starts_with("PATCH"), "{calls:?}");
}

/// The first attempt was written, and the person has left since.
#[tokio::test(start_paused = true)]
async fn opt_out_between_a_write_in_doubt_and_its_repeat_counts() {
    let mut ann = World::new();
    let event = registration(&mut ann);
    ann.fail([Fault::Pass(2), Fault::Silence]);
    ann.deliver(&event).await;
    ann.audience.state().set("unsubscribed");
    assert_eq!(word(&ann.deliver(&event).await), "delivered unsubscribed");
}

#[tokio::test(start_paused = true)]
async fn server_error_is_in_doubt_and_a_limit_is_tried_later() {
    for (status, expected) in [(500, "in_doubt"), (502, "in_doubt"), (429, "try_later")] {
        let mut ann = World::new();
        let event = registration(&mut ann);
        ann.fail([Fault::Pass(2), Fault::Answer(status, "<html>")]);
        assert!(word(&ann.deliver(&event).await).starts_with(expected), "{status}");
        assert_eq!(word(&ann.deliver(&event).await), "delivered subscribed");
    }
}

#[tokio::test(start_paused = true)]
async fn read_is_never_in_doubt() {
    for call in 0..2 {
        let mut ann = World::new();
        let event = registration(&mut ann);
        ann.fail([Fault::Pass(call), Fault::Silence]);
        assert!(word(&ann.deliver(&event).await).starts_with("try_later"), "call {call}");
        assert!(ann.audience.state().members.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn missing_audience_blocks() {
    let mut ann = World::new();
    let event = registration(&mut ann);
    ann.fail([Fault::Answer(404, r#"{"title":"Resource Not Found"}"#)]);
    let outcome = word(&ann.deliver(&event).await);
    assert!(outcome.contains("MAILCHIMP_LIST_ID"), "{outcome}");
}

/// Somebody unsubscribes between the read and the write, and Mailchimp refuses the write.
#[tokio::test(start_paused = true)]
async fn refused_opt_in_is_read_again_and_only_asks() {
    let refusal = r#"{"title":"Member In Compliance State","status":400}"#;
    let mut ann = World::new();
    let event = registration(&mut ann);
    ann.fail([Fault::Pass(2), Fault::Answer(400, refusal)]);
    assert_eq!(word(&ann.deliver(&event).await), "delivered pending");

    let mut ben = World::new();
    let event = registration(&mut ben);
    let refused = || Fault::Answer(400, refusal);
    ben.fail([Fault::Pass(2), refused(), Fault::Pass(1), refused()]);
    assert_eq!(word(&ben.deliver(&event).await), "rejected: compliance");
}

/// The contact came into being after the read, for example by a shop: its state is not the one that
/// was to be created.
#[tokio::test(start_paused = true)]
async fn contact_that_appears_after_the_read_is_read_again() {
    let appears: [(fn(&mut State), _); 3] = [
        (|state| drop(state.add("ann@example.com", "transactional")), "delivered subscribed"),
        (|state| drop(state.add("ann@example.com", "pending")), "delivered pending"),
        (|state| drop(state.add("ann@example.com", "unsubscribed")), "delivered unsubscribed"),
    ];
    for (appears, expected) in appears {
        let mut ann = World::new();
        let event = registration(&mut ann);
        ann.fail([Fault::Pass(2), Fault::Before(appears)]);
        assert_eq!(word(&ann.deliver(&event).await), expected);
    }
}

/// Mailchimp knows the address by another path than ours, for a moment.
#[tokio::test(start_paused = true)]
async fn contact_that_exists_after_all_is_read_again() {
    let exists = || Fault::Answer(400, r#"{"title":"Member Exists","status":400}"#);
    let mut ann = World::new();
    let event = registration(&mut ann);
    ann.fail([Fault::Pass(2), exists()]);
    assert_eq!(word(&ann.deliver(&event).await), "delivered subscribed");

    let mut ben = World::new();
    let event = registration(&mut ben);
    ben.fail([Fault::Pass(2), exists(), Fault::Pass(1), exists()]);
    let outcome = word(&ben.deliver(&event).await);
    assert_eq!(outcome, "try_later: the contact has changed while it was written");
}

#[tokio::test(start_paused = true)]
async fn contact_that_changes_twice_is_tried_later() {
    let mut ann = World::new();
    ann.subscribe().await;
    let gone = || Fault::Answer(404, r#"{"title":"Resource Not Found"}"#);
    ann.fail([Fault::Pass(1), gone(), Fault::Pass(1), gone()]);
    let event = ann.event("login", &Value::Null);
    let outcome = word(&ann.deliver(&event).await);
    assert_eq!(outcome, "try_later: the contact has changed while it was written");
}

#[tokio::test(start_paused = true)]
async fn contact_that_is_deleted_before_its_tags_needs_none() {
    let code = "function(ctx) { member: { email_address: ctx.recipient }, consent: true,
        tags: { ory: true } }";
    let mut ann = World::with(Rules::default(), Source::shipped("tags.jsonnet", code));
    ann.is_verified = true;
    let event = ann.event("registration", &Value::Null);
    let gone = || Fault::Answer(404, r#"{"title":"Resource Not Found","status":404}"#);
    ann.fail([Fault::Pass(3), gone(), gone()]);
    let changed = "try_later: the contact has changed before its tags";
    assert_eq!(word(&ann.deliver(&event).await), changed);
    let deleted = "skipped: the contact was deleted before its tags";
    assert_eq!(word(&ann.deliver(&event).await), deleted);
}

#[tokio::test(start_paused = true)]
async fn failed_tags_are_written_later_and_the_contact_is_not_written_again() {
    let code = "function(ctx) { member: { email_address: ctx.recipient }, consent: true,
        tags: { ory: true } }";
    for fault in [Fault::Silence, Fault::Answer(500, "<html>"), Fault::Answer(429, "")] {
        let mut ann = World::with(Rules::default(), Source::shipped("tags.jsonnet", code));
        let event = registration(&mut ann);
        ann.fail([Fault::Pass(3), fault]);
        assert!(word(&ann.deliver(&event).await).starts_with("try_later"));
        ann.audience.state().set("unsubscribed");
        ann.audience.calls();
        assert!(word(&ann.deliver(&event).await).starts_with("delivered"));
        assert_eq!(ann.audience.calls(), ["POST members/c1/tags"]);
        assert_eq!(ann.status(), "unsubscribed");
        assert_eq!(word(&ann.deliver(&event).await), "duplicate");
    }
}

#[tokio::test(start_paused = true)]
async fn no_write_is_begun_in_the_last_twenty_seconds() {
    let mut ann = World::new();
    let event = registration(&mut ann);
    // Two seconds are kept back.
    let DeliveryReport { outcome, .. } = ann.report(&event, Duration::from_secs(21)).await;
    assert_eq!(word(&outcome), "try_later: not enough time left to write");
    assert_eq!(ann.audience.calls().len(), 2, "it has read");
    let DeliveryReport { outcome, .. } = ann.report(&event, Duration::from_secs(22)).await;
    assert_eq!(word(&outcome), "delivered subscribed");
}

#[tokio::test(start_paused = true)]
async fn slow_answer_is_awaited_for_35_seconds_from_the_queue() {
    let mut ann = World::new();
    let event = registration(&mut ann);
    ann.fail([Fault::Pass(2), Fault::Slow(Duration::from_secs(34))]);
    assert_eq!(word(&ann.deliver(&event).await), "delivered subscribed");
    let mut ben = World::new();
    let event = registration(&mut ben);
    ben.fail([Fault::Pass(2), Fault::Slow(Duration::from_secs(36))]);
    assert!(word(&ben.deliver(&event).await).starts_with("in_doubt"));
}

#[tokio::test(start_paused = true)]
async fn inline_the_caller_s_time_rules() {
    let mut ann = World::new();
    let event = registration(&mut ann);
    assert_eq!(word(&ann.inline(&event).await), "delivered subscribed");
    let mut ben = World::new();
    let event = registration(&mut ben);
    ben.fail([Fault::Pass(2), Fault::Slow(Duration::from_secs(20))]);
    assert!(word(&ben.inline(&event).await).starts_with("in_doubt"));
    assert_eq!(ben.audience.calls().len(), 2, "a write that was cut off is not repeated");
}
