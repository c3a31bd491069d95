//! Whole deliveries, against an audience in memory.

mod audience;
mod faults;
mod moves;
mod world;

use std::time::Duration;

use serde_json::{Value, json};
use shared::{outcome::Outcome, telemetry::Metric, template::Source};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::advance;

use crate::{
    TIMEOUT,
    consent::{NotOptedIn, Rules, Unverified},
};
use audience::Fault;
use world::{ID, World, word};

#[tokio::test(start_paused = true)]
async fn opt_in_waits_for_the_verification() {
    let mut ann = World::new();
    let waits = "skipped: the opt-in waits for the verification of the address";
    assert_eq!(word(&ann.register(true).await), waits);
    assert!(ann.audience.state().members.is_empty());
    assert!(ann.record().await.opt_in_at.is_some());
    assert_eq!(word(&ann.verify().await), "delivered subscribed");
    let member = ann.audience.state().the_one().clone();
    assert_eq!(member.address, "ann@example.com");
    let merges = json!({"FNAME": "Ann", "LNAME": "Lee", "ORY_ID": ID.to_string()});
    assert_eq!(member.merge_fields, merges);
    let record = ann.record().await;
    assert_eq!((record.contact_id.as_deref(), record.opt_in_at), (Some("c1"), None));
}

#[tokio::test(start_paused = true)]
async fn withdrawn_opt_in_no_longer_waits() {
    let mut ann = World::new();
    ann.register(true).await;
    assert_eq!(word(&ann.settings(false).await), "skipped: not opted in");
    ann.consent = json!(true);
    assert_eq!(word(&ann.verify().await), "skipped: no contact, and no fresh opt-in");
    assert!(ann.audience.state().members.is_empty());
}

#[tokio::test(start_paused = true)]
async fn audience_with_double_opt_in_asks_the_person() {
    let mut ann = World::new();
    ann.audience.state().double_opt_in = true;
    ann.register(true).await;
    assert_eq!(word(&ann.verify().await), "delivered pending");
    // The person confirms. Later events change no state.
    ann.audience.state().set("subscribed");
    assert_eq!(word(&ann.verify().await), "delivered subscribed");
    assert_eq!(word(&ann.settings(true).await), "delivered subscribed");
}

#[tokio::test(start_paused = true)]
async fn withdrawal_unsubscribes_and_a_new_opt_in_asks() {
    let mut ann = World::new();
    ann.subscribe().await;
    assert_eq!(word(&ann.settings(false).await), "delivered unsubscribed");
    assert_eq!(word(&ann.settings(true).await), "delivered pending");
}

#[tokio::test(start_paused = true)]
async fn unsubscribed_person_stays_so_until_a_fresh_opt_in() {
    let mut ann = World::new();
    ann.subscribe().await;
    ann.audience.state().set("unsubscribed");
    for flow in ["login", "verification", "recovery", "backfill", "reconcile", "settings"] {
        let event = ann.event(flow, &json!(true));
        assert_eq!(word(&ann.deliver(&event).await), "delivered unsubscribed", "{flow}");
    }
    ann.consent = json!(false);
    assert_eq!(word(&ann.settings(true).await), "delivered pending");
}

/// Nothing is known of the person but the verification. When the opt-in was is not known either.
#[tokio::test(start_paused = true)]
async fn first_verification_does_not_overrule_an_opt_out_since_the_registration() {
    let minute = Duration::from_mins(1);
    let of = |created: OffsetDateTime| json!(created.format(&Rfc3339).unwrap());
    for (is_later, expected) in [(true, "delivered pending"), (false, "delivered unsubscribed")] {
        let mut ann = World::new();
        ann.audience.state().add("ann@example.com", "unsubscribed");
        ann.created_at = of(if is_later { ann.now() + minute } else { ann.now() - minute });
        ann.consent = json!(true);
        assert_eq!(word(&ann.verify().await), expected);
    }
    let mut ann = World::new();
    ann.audience.state().add("ann@example.com", "unsubscribed");
    ann.consent = json!(true);
    assert_eq!(word(&ann.verify().await), "delivered unsubscribed", "it is not known when");
}

/// Between the opt-in and its delivery, the person opts out, and then our own write to the contact
/// hides when that was.
#[tokio::test(start_paused = true)]
async fn own_write_does_not_hide_a_later_opt_out() {
    let mut ann = World::new();
    ann.subscribe().await;
    ann.settings(false).await;
    let earlier = ann.event("settings", &json!(false));
    advance(Duration::from_secs(1)).await;
    ann.consent = json!(true);
    let opt_in = ann.event("settings", &json!(false));
    advance(Duration::from_secs(5)).await;
    ann.audience.state().set("unsubscribed");
    assert_eq!(word(&ann.deliver(&earlier).await), "delivered unsubscribed");
    assert_eq!(word(&ann.deliver(&opt_in).await), "delivered unsubscribed");
}

#[tokio::test(start_paused = true)]
async fn own_write_does_not_hide_an_opt_out_after_its_read() {
    let mut ann = World::new();
    ann.subscribe().await;
    let earlier = ann.event("settings", &json!(true));
    advance(Duration::from_secs(1)).await;
    let opt_in = ann.event("settings", &json!(false));
    ann.fail([Fault::Pass(1), Fault::Before(|state| state.set("unsubscribed"))]);
    assert_eq!(word(&ann.deliver(&earlier).await), "delivered unsubscribed");
    assert_eq!(word(&ann.deliver(&opt_in).await), "delivered unsubscribed");
}

#[tokio::test(start_paused = true)]
async fn withdrawal_counts_although_a_newer_event_overtakes_it() {
    let mut ann = World::new();
    ann.subscribe().await;
    ann.consent = json!(false);
    let withdrawal = ann.event("settings", &json!(true));
    advance(Duration::from_secs(1)).await;
    let renamed = ann.event("settings", &json!(false));
    assert_eq!(word(&ann.deliver(&renamed).await), "delivered unsubscribed");
    let stale = "skipped: stale: a newer event was applied";
    assert_eq!(word(&ann.deliver(&withdrawal).await), stale);
}

/// The opt-in was enqueued for long; meanwhile the person has clicked in a mail.
#[tokio::test(start_paused = true)]
async fn late_opt_in_does_not_overrule_a_later_opt_out() {
    let mut ann = World::new();
    ann.subscribe().await;
    ann.settings(false).await;
    ann.consent = json!(true);
    let late = ann.event("settings", &json!(false));
    tokio::time::advance(std::time::Duration::from_secs(5)).await;
    ann.audience.state().set("unsubscribed");
    assert_eq!(word(&ann.deliver(&late).await), "delivered unsubscribed");
}

#[tokio::test(start_paused = true)]
async fn unticked_box_withdraws_nothing() {
    let mut ann = World::new();
    ann.audience.state().add("ann@example.com", "subscribed");
    ann.register(false).await;
    assert_eq!(word(&ann.verify().await), "delivered subscribed");
}

#[tokio::test(start_paused = true)]
async fn event_without_a_hook_is_no_opt_in() {
    let mut ann = World::new();
    (ann.consent, ann.is_verified) = (json!(true), true);
    let event = ann.event("", &Value::Null);
    assert_eq!(word(&ann.deliver(&event).await), "skipped: no contact, and no fresh opt-in");
}

#[tokio::test(start_paused = true)]
async fn settings_without_the_traits_before_are_no_opt_in() {
    for session in [json!(null), json!({"identity": {"traits": null}})] {
        let mut ann = World::new();
        ann.register(false).await;
        (ann.consent, ann.is_verified) = (json!(true), true);
        let mut event = serde_json::to_value(ann.event("settings", &json!(false))).unwrap();
        event["event"]["session"] = session;
        let event = serde_json::from_value(event).unwrap();
        assert_eq!(word(&ann.deliver(&event).await), "skipped: no contact, and no fresh opt-in");
    }
}

#[tokio::test(start_paused = true)]
async fn operator_chooses_what_becomes_of_the_others() {
    let rules = Rules {
        unverified: Unverified::Confirm,
        not_opted_in: NotOptedIn::Transactional,
        ..Rules::default()
    };
    let mut ann = World::with(rules, crate::shipped_template());
    assert_eq!(word(&ann.register(false).await), "delivered transactional");
    assert_eq!(word(&ann.settings(true).await), "delivered pending");
    assert_eq!(word(&ann.settings(false).await), "delivered unsubscribed");
}

/// Anybody can register with the address of a contact.
#[tokio::test(start_paused = true)]
async fn contact_of_an_unverified_address_keeps_its_fields() {
    let rules = Rules { unverified: Unverified::Confirm, ..Rules::default() };
    let mut eve = World::with(rules, crate::shipped_template());
    eve.audience.state().add("ann@example.com", "subscribed");
    let not_ours = "skipped: the address is not verified, and its contact is not ours";
    assert_eq!(word(&eve.register(true).await), not_ours);
    eve.audience.state().set("unsubscribed");
    tokio::time::advance(std::time::Duration::from_mins(1)).await;
    eve.consent = json!(false);
    // Mailchimp asks whoever receives the mail; nothing else changes.
    assert_eq!(word(&eve.settings(true).await), "delivered pending");
    assert_eq!(eve.audience.state().the_one().merge_fields, json!({}));
    assert_eq!(eve.record().await.contact_id, None);
}

#[tokio::test(start_paused = true)]
async fn bounced_and_forgotten_people_are_rejected_and_counted() {
    let mut ann = World::new();
    ann.audience.state().add("ann@example.com", "cleaned");
    ann.is_verified = true;
    ann.consent = json!(true);
    let event = ann.event("registration", &Value::Null);
    let report = ann.report(&event, TIMEOUT).await;
    assert_eq!(word(&report.outcome), "rejected: cleaned");
    assert_eq!(report.counts, [Metric::Compliance]);
    assert_eq!(ann.deliver(&event).await, Outcome::Duplicate);

    let mut ben = World::new();
    ben.audience.state().forgotten.push("ann@example.com".to_owned());
    (ben.consent, ben.is_verified) = (json!(true), true);
    let event = ben.event("registration", &Value::Null);
    let report = ben.report(&event, TIMEOUT).await;
    assert_eq!(word(&report.outcome), "rejected: forgotten");
    assert_eq!(report.counts, [Metric::Compliance]);
}

#[tokio::test(start_paused = true)]
async fn archived_contact_returns_only_by_a_fresh_opt_in() {
    let mut ann = World::new();
    ann.subscribe().await;
    ann.audience.state().set("archived");
    let archived = "skipped: the contact is archived, and there is no fresh opt-in";
    assert_eq!(word(&ann.verify().await), archived);
    ann.consent = json!(false);
    assert_eq!(word(&ann.settings(true).await), "delivered pending");
}

#[tokio::test(start_paused = true)]
async fn older_event_changes_nothing_and_a_repeated_one_is_a_duplicate() {
    let mut ann = World::new();
    ann.consent = json!(true);
    let registration = ann.event("registration", &Value::Null);
    ann.subscribe().await;
    let stale = "skipped: stale: a newer event was applied";
    assert_eq!(word(&ann.deliver(&registration).await), stale);
    ann.consent = json!(false);
    let withdrawal = ann.event("settings", &json!(true));
    assert_eq!(word(&ann.deliver(&withdrawal).await), "delivered unsubscribed");
    ann.audience.calls();
    assert_eq!(ann.deliver(&withdrawal).await, Outcome::Duplicate);
    assert!(ann.audience.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn tags_follow_the_contact() {
    let code = "function(ctx) { member: { email_address: ctx.recipient }, consent: true,
        tags: { ory: true, guest: false } }";
    let mut ann = World::with(Rules::default(), Source::shipped("tags.jsonnet", code));
    ann.is_verified = true;
    let event = ann.event("registration", &Value::Null);
    assert_eq!(word(&ann.deliver(&event).await), "delivered subscribed");
    let tags = ann.audience.state().the_one().tags.clone();
    assert_eq!(tags, [("guest".to_owned(), false), ("ory".to_owned(), true)].into());
}

#[tokio::test(start_paused = true)]
async fn record_holds_no_personal_data() {
    let mut ann = World::new();
    ann.subscribe().await;
    ann.settings(false).await;
    let record = serde_json::to_string(&ann.record().await).unwrap().to_lowercase();
    for personal in ["ann", "lee", "example.com", &shared::mailchimp::member_hash(ann.address)] {
        assert!(!record.contains(personal), "{record}");
    }
}

#[tokio::test(start_paused = true)]
async fn unusable_event_says_why() {
    let mut ann = World::new();
    let mut event = serde_json::to_value(ann.event("registration", &Value::Null)).unwrap();
    event["event"]["identity"]["id"] = json!("ann");
    let outcome = ann.deliver(&serde_json::from_value(event).unwrap()).await;
    assert!(word(&outcome).starts_with("blocked: the event has no identity id"), "{outcome:?}");
    for (code, part) in [
        ("function(ctx) { member: { email_address: 'x' } }", "template_fault"),
        (
            "function(ctx) { member: { email_address: ctx.recipient, status: 'subscribed' } }",
            "template_fault",
        ),
        (
            "function(ctx) { member: { email_address: ctx.recipient }, idempotency_key: 'x' }",
            "template_fault",
        ),
        ("function(ctx) error 'cancel: no'", "skipped"),
    ] {
        let mut ann = World::with(Rules::default(), Source::shipped("bad.jsonnet", code));
        let event = ann.event("registration", &Value::Null);
        assert!(word(&ann.deliver(&event).await).starts_with(part), "{code}");
        assert!(ann.audience.calls().is_empty());
    }
}
