//! Tags: a call of their own after the contact is written.

use std::time::Duration;

use fakes::{Scripted, server::FakeReply};
use serde_json::json;

use super::{
    mailchimp_replies::{edge, problem},
    setup::{Setup, answered, done_and_answered},
    world::{OLD, World},
};
use crate::common::vendor_replies;

const TAGGED: &str = "
function(ctx) {
  member: { email_address: ctx.recipient },
  consent: std.get(ctx.identity.traits.consent, 'newsletter'),
  tags: { ory: true, guest: false },
}
";

async fn tagged() -> World {
    let mut ann = World::of(Setup::queued().await.template(TAGGED)).await;
    (ann.consent, ann.is_verified) = (json!(true), true);
    ann
}

fn tags(ann: &World) -> Vec<String> {
    ann.audience(|audience| audience.member(OLD).unwrap().tags.clone())
}

#[tokio::test]
async fn named_tags_are_set_and_removed_and_others_stay() {
    let mut ann = tagged().await;
    let now = ann.now();
    ann.audience(|audience| {
        let member = audience.put_member(OLD, fakes::mailchimp::Status::Transactional, now);
        member.tags = ["guest", "vip"].map(str::to_owned).into();
    });
    ann.register(true).await;
    assert_eq!(tags(&ann), ["vip", "ory"]);
    let calls = ann.function.received();
    let body = json!({
        "tags": [{"name": "guest", "status": "inactive"}, {"name": "ory", "status": "active"}],
        "is_syncing": false,
    });
    let call = calls.last().unwrap();
    assert!(call.path.ends_with("/tags"), "{}", call.path);
    assert_eq!(call.body, body);
}

/// Whatever became of them, they may be written again; the contact is not.
#[tokio::test]
async fn failed_tags_are_written_later_and_the_contact_is_not_written_again() {
    let faults: [Scripted; 5] = [
        answered(FakeReply::HangUp),
        done_and_answered(FakeReply::HangUp),
        answered(vendor_replies::html(502)),
        answered(edge(429)),
        answered(problem(404, "Resource Not Found")),
    ];
    for fault in faults {
        let context = format!("{:?}", fault.reply);
        let mut ann = tagged().await;
        let mut fault = Some(fault);
        ann.function
            .vendor
            .set_faults(move |call| if call.path.ends_with("/tags") { fault.take() } else { None });
        let event = ann.event("registration", &json!(null));
        ann.function.store(event.clone()).await;
        assert_eq!(ann.function.work().await.len(), 1, "{context}");
        assert_eq!(ann.function.methods(), ["GET", "GET", "PUT", "POST"], "{context}");
        // Whatever happens to the contact meanwhile stays.
        ann.advance(Duration::from_mins(1));
        ann.function.vendor.unsubscribe(OLD).unwrap();
        ann.function.let_time_pass(Duration::from_mins(2));
        assert!(ann.function.work().await.is_empty(), "{context}");
        assert_eq!(ann.function.methods(), ["POST"], "{context}");
        assert_eq!(tags(&ann), ["ory"], "{context}");
        assert_eq!(ann.contacts(), [(OLD, "unsubscribed")], "{context}");
        ann.play(event).await;
        assert!(ann.function.received().is_empty(), "{context}");
        let outcomes = ann.outcomes().await;
        assert!(outcomes[0].starts_with("try_later"), "{outcomes:?}: {context}");
        assert_eq!(outcomes[1..], ["delivered", "duplicate"], "{context}");
    }
}

/// A newer event has said what the tags are.
#[tokio::test]
async fn tags_of_an_older_event_are_not_written_after_a_newer_one() {
    let mut ann = tagged().await;
    let mut is_first = true;
    ann.function.vendor.set_faults(move |call| {
        let fails = call.path.ends_with("/tags") && std::mem::take(&mut is_first);
        fails.then(|| answered(edge(429)))
    });
    let event = ann.event("registration", &json!(null));
    ann.function.store(event).await;
    ann.function.work().await;
    let newer = ann.event("login", &json!(null));
    ann.function.store(newer).await;
    // The message that failed is still hidden.
    ann.function.work().await;
    ann.function.received();
    ann.function.let_time_pass(Duration::from_mins(2));
    assert!(ann.function.work().await.is_empty());
    assert!(ann.function.received().is_empty());
    let outcomes = ann.outcomes().await;
    assert_eq!(outcomes[1..], ["delivered", "skipped: stale: a newer event was applied"]);
}

/// Such tags start no automation for thousands of people at once.
#[tokio::test]
async fn tags_of_a_backfill_are_marked_as_a_synchronization() {
    for flow in ["backfill", "reconcile"] {
        let mut ann = tagged().await;
        ann.subscribe().await;
        let event = ann.event(flow, &json!(null));
        ann.play(event).await;
        let calls = ann.function.received();
        assert_eq!(calls.last().unwrap().body["is_syncing"], true, "{flow}");
        assert_eq!(ann.contacts(), [(OLD, "subscribed")]);
    }
}
