//! Writes in doubt: the next attempt reads what came of them, and nothing happens twice.

use std::time::Duration;

use fakes::{
    Scripted,
    mailchimp::{Act, Audience, Status},
    server::FakeReply,
};
use serde_json::json;

use super::{
    mailchimp_replies::text,
    setup::{Setup, answered, done_and_answered},
    world::{OLD, World},
};
use crate::common::vendor_replies;

/// Faults of a write that was not performed, or that was.
fn faults(performed: bool) -> Vec<Scripted> {
    let of = if performed { done_and_answered } else { answered };
    let slow = FakeReply::After(Duration::from_secs(20), Box::new(FakeReply::HangUp));
    [FakeReply::HangUp, vendor_replies::html(502), text(200, r#"{"contact_id":"#), slow]
        .map(of)
        .into()
}

fn confirmations(audience: &mut Audience) -> usize {
    audience.confirmation_mails(OLD)
}

#[tokio::test]
async fn write_in_doubt_is_looked_up_and_the_person_is_mailed_once() {
    for performed in [false, true] {
        for fault in faults(performed) {
            let context = format!("{:?}, performed: {performed}", fault.reply);
            let setup = Setup::queued().await.var("VENDOR_TIMEOUT_MS", "1000");
            let mut ann = World::of(setup).await;
            ann.audience(|audience| audience.double_optin = true);
            (ann.consent, ann.is_verified) = (json!(true), true);
            ann.function.answer_writes([fault]);
            let event = ann.event("registration", &json!(null));
            ann.function.store(event).await;
            assert_eq!(ann.function.work().await.len(), 1, "{context}");
            assert_eq!(ann.function.methods(), ["GET", "GET", "PUT"], "{context}");
            assert_eq!(ann.audience(confirmations), usize::from(performed), "{context}");
            ann.function.let_time_pass(Duration::from_mins(2));
            assert!(ann.function.work().await.is_empty(), "{context}");
            let again = if performed { "PATCH" } else { "PUT" };
            assert_eq!(ann.function.methods(), ["GET", again], "{context}");
            assert_eq!(ann.contacts(), [(OLD, "pending")], "{context}");
            assert_eq!(ann.audience(confirmations), 1, "{context}");
            let outcomes = ann.outcomes().await;
            assert!(outcomes[0].starts_with("in_doubt"), "{outcomes:?}: {context}");
            assert_eq!(outcomes[1], "delivered", "{context}");
        }
    }
}

/// The write was performed, and the person has left since.
#[tokio::test]
async fn opt_out_after_a_write_in_doubt_counts() {
    let mut ann = World::start().await;
    (ann.consent, ann.is_verified) = (json!(true), true);
    ann.function.answer_writes([done_and_answered(FakeReply::HangUp)]);
    let event = ann.event("registration", &json!(null));
    ann.function.store(event).await;
    ann.function.work().await;
    ann.advance(Duration::from_mins(1));
    ann.function.vendor.unsubscribe(OLD).unwrap();
    ann.function.let_time_pass(Duration::from_mins(2));
    assert!(ann.function.work().await.is_empty());
    assert_eq!(ann.contacts(), [(OLD, "unsubscribed")]);
    assert_eq!(ann.audience(confirmations), 0);
}

/// A withdrawal that may not have arrived is written until Mailchimp says that it has.
#[tokio::test]
async fn withdrawal_in_doubt_is_repeated() {
    for performed in [false, true] {
        let mut ann = World::start().await;
        ann.subscribe().await;
        let fault = Scripted { reply: vendor_replies::html(502), acts: performed };
        ann.function.answer_writes([fault]);
        ann.consent = json!(false);
        let event = ann.event("settings", &json!(true));
        ann.function.store(event).await;
        assert_eq!(ann.function.work().await.len(), 1);
        ann.function.let_time_pass(Duration::from_mins(2));
        assert!(ann.function.work().await.is_empty());
        assert_eq!(ann.contacts(), [(OLD, "unsubscribed")]);
    }
}

/// Between the read and the write.
#[tokio::test]
async fn change_between_read_and_write_is_read_again() {
    let table = [
        // What happens; to a contact in this state; and what the person's opt-in comes to.
        (Act::AdminForgets, Status::Transactional, ""),
        (Act::Bounces, Status::Transactional, "cleaned"),
    ];
    for (act, status, after) in table {
        let mut ann = World::start().await;
        let now = ann.now();
        ann.audience(|audience| {
            audience.put_member(OLD, status, now);
            audience.before_next_write(OLD, act.clone());
        });
        ann.advance(Duration::from_mins(5));
        (ann.consent, ann.is_verified) = (json!(true), true);
        let event = ann.event("registration", &json!(null));
        ann.play(event).await;
        let status = ann.function.status_of(OLD).unwrap_or_default();
        assert_eq!(status, after, "{act:?}");
    }
}

/// Twice in one attempt: somebody else is at it, so this event waits.
#[tokio::test]
async fn contact_that_changes_twice_is_tried_later() {
    let mut ann = World::start().await;
    ann.subscribe().await;
    let gone = || answered(super::mailchimp_replies::problem(404, "Resource Not Found"));
    ann.function.answer_writes([gone(), gone()]);
    let event = ann.event("login", &json!(null));
    ann.function.store(event).await;
    assert_eq!(ann.function.work().await.len(), 1);
    assert_eq!(ann.function.methods(), ["GET", "PATCH", "GET", "PATCH"]);
    ann.function.let_time_pass(Duration::from_mins(2));
    assert!(ann.function.work().await.is_empty());
    let outcomes = ann.outcomes().await;
    assert_eq!(
        outcomes[2..],
        ["try_later: the contact has changed while it was written", "delivered",]
    );
}
