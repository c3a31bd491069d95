//! The order of events: the newest wins, whenever it arrives.

use std::{collections::BTreeSet, time::Duration};

use fakes::{AdminCall, Tracked, server::FakeReply};
use serde_json::json;
use time::{OffsetDateTime, macros::format_description};
use tokio::time::sleep;

use super::{
    forms::{at, form, with},
    people::{ANN, ann, known, known_and_queued, with_consent},
    setup::{Vendors, event, is_skipped},
};
use crate::common::setup::{QUEUE, Running, TABLE, Vendor, message_id};

const OLDER: &str = "stale: a newer event was applied";

async fn is_delivered(inbound: &mut Running<Vendors>, form: &str) {
    let answer = inbound.call(event(form)).await;
    assert_eq!(answer.row(), (200, "delivered"), "{form}: {answer:?}");
    inbound.vendor.take_lines();
}

/// It is skipped, and nothing happens.
async fn is_old(inbound: &mut Running<Vendors>, form: &str) {
    let answer = inbound.call(event(form)).await;
    assert!(is_skipped(&answer, OLDER), "{form}: {answer:?}");
    assert!(inbound.is_at_rest(), "{form}");
}

fn abuse() -> String {
    with(&form("cleaned"), "data[reason]", "abuse")
}

#[tokio::test]
async fn stale_event_is_skipped() {
    let mut inbound = known().await.start().await;
    is_delivered(&mut inbound, &at(&form("unsubscribe"), 5)).await;
    is_old(&mut inbound, &at(&form("subscribe"), 4)).await;
    is_old(&mut inbound, &form("subscribe")).await;
    assert_eq!(inbound.consent(ANN), false);
    is_delivered(&mut inbound, &at(&form("subscribe"), 6)).await;
    is_old(&mut inbound, &at(&abuse(), 5)).await;
    is_old(&mut inbound, &at(&form("unsubscribe"), 5)).await;
    assert_eq!(inbound.consent(ANN), true);
}

#[tokio::test]
async fn withdrawal_wins_over_consent_of_the_same_second() {
    for withdrawal in [form("unsubscribe"), abuse()] {
        let mut first = known().await.start().await;
        is_delivered(&mut first, &withdrawal).await;
        is_old(&mut first, &form("subscribe")).await;
        assert_eq!(first.consent(ANN), false);

        let mut second = known().await.start().await;
        is_delivered(&mut second, &form("subscribe")).await;
        is_delivered(&mut second, &withdrawal).await;
        assert_eq!(second.consent(ANN), false);
    }
}

#[tokio::test]
async fn withdrawal_wins_for_its_whole_second() {
    let mut inbound = known().await.start().await;
    is_delivered(&mut inbound, &form("unsubscribe")).await;
    is_delivered(&mut inbound, &form("cleaned")).await;
    is_old(&mut inbound, &form("subscribe")).await;
    is_delivered(&mut inbound, &at(&form("subscribe"), 0)).await;
    assert_eq!(inbound.consent(ANN), true);
}

#[tokio::test]
async fn profile_sent_with_an_upemail_is_applied_too() {
    for order in [["profile", "upemail"], ["upemail", "profile"]] {
        let mut inbound = known().await.start().await;
        for kind in order {
            is_delivered(&mut inbound, &form(kind)).await;
        }
        for kind in order {
            assert_eq!(inbound.call(event(form(kind))).await.row(), (200, "duplicate"), "{kind}");
        }
    }
}

#[tokio::test]
async fn profile_update_never_makes_a_late_withdrawal_stale() {
    let mut inbound = known().await.start().await;
    is_delivered(&mut inbound, &at(&form("profile"), 9)).await;
    is_delivered(&mut inbound, &at(&form("upemail"), 9)).await;
    is_delivered(&mut inbound, &at(&form("unsubscribe"), 5)).await;
    assert_eq!(inbound.consent(ANN), false);
    is_old(&mut inbound, &at(&form("profile"), 8)).await;
}

#[tokio::test]
async fn bounce_leaves_consent_alone_and_makes_only_bounces_stale() {
    let mut inbound = known().await.start().await;
    is_delivered(&mut inbound, &at(&form("cleaned"), 9)).await;
    is_delivered(&mut inbound, &at(&form("unsubscribe"), 5)).await;
    is_old(&mut inbound, &at(&form("cleaned"), 4)).await;
    is_old(&mut inbound, &at(&form("subscribe"), 4)).await;
}

fn of_other(form: &str) -> String {
    with(form, "data[list_id]", "b7c6eb2165")
}

#[tokio::test]
async fn lists_that_write_the_same_path_share_one_order() {
    let mut inbound = known().await.start().await;
    is_delivered(&mut inbound, &at(&form("unsubscribe"), 9)).await;
    is_old(&mut inbound, &of_other(&at(&form("subscribe"), 5))).await;
    assert_eq!(inbound.consent(ANN), false);
    is_delivered(&mut inbound, &of_other(&at(&form("subscribe"), 10))).await;
    assert_eq!(inbound.consent(ANN), true);
}

/// A trait for each list.
const BY_LIST: &str = "
function(ctx)
  local given = ctx.event.type == 'subscribe';
  local list = ctx.event.data.list_id;
  {
    ory: { patch: [{ op: 'add', path: '/metadata_public/mailchimp/' + list, value: given }] },
    segment: { userId: ctx.identity.id, traits: { [list]: given } },
  }
";

#[tokio::test]
async fn lists_that_write_different_paths_have_separate_orders() {
    let mut inbound = known().await.template(BY_LIST).start().await;
    is_delivered(&mut inbound, &at(&form("subscribe"), 9)).await;
    is_delivered(&mut inbound, &of_other(&at(&form("unsubscribe"), 5))).await;
    is_old(&mut inbound, &at(&form("unsubscribe"), 8)).await;
    is_old(&mut inbound, &of_other(&at(&form("subscribe"), 4))).await;
    let lists = json!({"a6b5da1054": true, "b7c6eb2165": false});
    assert_eq!(inbound.identity(ANN)["metadata_public"]["mailchimp"], lists);
}

#[tokio::test]
async fn time_in_the_future_makes_no_later_event_stale() {
    for ahead in ["9999-12-31+23%3A59%3A59", "2100-01-01+00%3A00%3A00"] {
        let mut inbound = known().await.start().await;
        is_delivered(&mut inbound, &with(&form("subscribe"), "fired_at", ahead)).await;
        let now = OffsetDateTime::now_utc() + Duration::from_secs(1);
        let format = format_description!("[year]-[month]-[day]+[hour]%3A[minute]%3A[second]");
        let unsubscribe = with(&form("unsubscribe"), "fired_at", &now.format(format).unwrap());
        sleep(Duration::from_millis(1100)).await;
        is_delivered(&mut inbound, &unsubscribe).await;
        assert_eq!(inbound.consent(ANN), false);
    }
}

#[tokio::test]
async fn events_of_two_people_have_separate_orders() {
    let of_ben = |form: &str| with(form, "data[email]", "ben%40example.com");
    let mut inbound = known().await.start().await;
    is_delivered(&mut inbound, &at(&form("subscribe"), 9)).await;
    is_delivered(&mut inbound, &of_ben(&at(&form("unsubscribe"), 5))).await;
}

#[tokio::test]
async fn event_that_failed_at_segment_is_stale_after_a_newer_event() {
    let mut inbound = known().await.start().await;
    let older = at(&form("subscribe"), 5);
    inbound.vendor.segment.reply_next(crate::common::segment_replies::refused(400));
    assert_eq!(inbound.call(event(&older)).await.status, 503);
    is_delivered(&mut inbound, &at(&form("unsubscribe"), 6)).await;
    is_old(&mut inbound, &older).await;
    assert_eq!(inbound.consent(ANN), false);
}

#[tokio::test]
async fn applied_state_is_shared_between_sandboxes_and_holds_no_address() {
    let mut inbound = known().await.with_table().start().await;
    is_delivered(&mut inbound, &at(&form("unsubscribe"), 5)).await;
    let mut other = inbound.sandbox.another().await;
    let older = other.invoke(event(at(&form("subscribe"), 4))).await;
    assert!(is_skipped(&older, OLDER), "{older:?}");
    let eve = with(&form("subscribe"), "data[email]", "eve%40example.com");
    assert_eq!(other.invoke(event(eve)).await.row(), (200, "skipped"));
    let records = inbound.dynamo_db.items(TABLE);
    assert_eq!(records.len(), 2);
    for record in &records {
        let text = record.to_string();
        assert!(
            !text.contains('@') && !text.contains("example.com") && !text.contains("Ann"),
            "{text}"
        );
    }
    let lane = format!("identity#{ANN}");
    let record = records.iter().find(|record| record["id"]["S"] == lane).unwrap();
    assert!(record["written"]["S"].as_str().unwrap().contains("2026-01-31T12:00:05Z"));
    assert_eq!(record.get("expires_at"), None, "it is remembered for good");
}

/// Waits until Ory has been asked so often.
async fn until_asked(vendors: &Vendors, times: usize) {
    let mut calls: Vec<AdminCall> = Vec::new();
    for _ in 0..2000 {
        calls.extend(vendors.ory.take_received());
        if calls.len() >= times {
            return;
        }
        sleep(Duration::from_millis(5)).await;
    }
    panic!("waited in vain: {calls:#?}");
}

/// With an Ory that answers the second call, the one within the lane, after this time.
fn slow(vendor: &Vendors, wait: Duration) {
    let ann = with_consent(ann(), true);
    vendor.ory.put_identity(ann.clone());
    vendor.ory.reply_next(FakeReply::json(200, &json!([ann])));
    vendor.ory.reply_next(FakeReply::After(wait, Box::new(FakeReply::json(200, &ann))));
}

#[tokio::test]
async fn concurrent_inline_event_of_one_person_is_answered_try_later() {
    let setup = known().await.with_table();
    slow(&setup.vendor, Duration::from_millis(1500));
    let mut inbound = setup.start().await;
    let mut other = inbound.sandbox.another().await;
    let vendor = &inbound.vendor;
    let (first, second) =
        tokio::join!(inbound.sandbox.invoke(event(at(&form("unsubscribe"), 5))), async {
            until_asked(vendor, 2).await;
            let profile = other.invoke(event(at(&form("profile"), 5))).await;
            assert_eq!(profile.status, 503, "no two patches of one person ever meet");
            other.invoke(event(at(&form("subscribe"), 4))).await
        });
    assert_eq!((first.row(), second.status), ((200, "delivered"), 503));
    let line = &other.end().await.event_log()[1];
    assert_eq!((&line["outcome"], line.get("calls")), (&json!("try_later"), None));
    inbound.vendor.take_lines();
    is_old(&mut inbound, &at(&form("subscribe"), 4)).await;
    assert_eq!(inbound.consent(ANN), false);
}

#[tokio::test]
async fn concurrent_queued_event_of_one_person_is_delayed_until_the_lease_ends() {
    let setup = known_and_queued().await;
    slow(&setup.vendor, Duration::from_millis(1500));
    let mut inbound = setup.start().await;
    let mut other = inbound.sandbox.another().await;
    inbound.call(event(at(&form("unsubscribe"), 5))).await;
    inbound.call(event(at(&form("subscribe"), 4))).await;
    let mut messages = inbound.sqs.receive(QUEUE, 2);
    let [unsubscribe, subscribe] = [messages.remove(0), messages.remove(0)].map(|one| [one]);
    assert!(unsubscribe[0].body.contains("unsubscribe"));
    let vendor = &inbound.vendor;
    let (kept, kept_by_other) = tokio::join!(inbound.sandbox.deliver(&unsubscribe), async {
        until_asked(vendor, 2).await;
        other.deliver(&subscribe).await
    });
    assert!(kept.is_empty());
    assert_eq!(kept_by_other, [subscribe[0].id.clone()]);
    inbound.sqs.delete(&unsubscribe[0].receipt);
    let hidden = inbound.stored_once().visibility.unwrap();
    assert!((20..=41).contains(&hidden), "until the lease ends: {hidden} s");
    inbound.vendor.take_lines();
    inbound.let_time_pass(Duration::from_secs(30));
    assert!(inbound.work().await.is_empty());
    assert!(inbound.is_at_rest(), "it is old by then");
    assert_eq!(inbound.consent(ANN), false);
}

#[tokio::test]
async fn crash_in_a_lane_blocks_others_only_until_the_lease_ends() {
    let setup = known_and_queued().await;
    slow(&setup.vendor, Duration::from_mins(10));
    let mut inbound = setup.start().await;
    inbound.call(event(form("unsubscribe"))).await;
    let message = inbound.sqs.receive(QUEUE, 1);
    let vendor = &inbound.vendor;
    tokio::select! {
        _ = inbound.sandbox.deliver(&message) => panic!("Ory does not answer"),
        () = until_asked(vendor, 2) => {}
    }
    inbound.sandbox.crash().await;
    inbound.sqs.make_visible(QUEUE);
    assert!(inbound.work_after(2).await.is_some_and(|hidden| (15..=41).contains(&hidden)));
    assert!(inbound.is_at_rest());
    inbound.let_time_pass(Duration::from_secs(30));
    assert!(inbound.work().await.is_empty());
    assert_eq!(inbound.vendor.take_lines().len(), 2);
    assert_eq!(inbound.consent(ANN), false);
}

/// Applies an event in a lane whose table goes away meanwhile, so that nothing of it is recorded.
async fn is_not_recorded(inbound: &mut Running<Vendors>, form: &str) {
    slow(&inbound.vendor, Duration::from_millis(500));
    inbound.vendor.ory.take_received();
    let (vendor, table) = (&inbound.vendor, &inbound.dynamo_db);
    let (answer, ()) = tokio::join!(inbound.sandbox.invoke(event(form)), async {
        until_asked(vendor, 2).await;
        table.set_down(true);
    });
    assert_eq!(answer.status, 503);
    inbound.dynamo_db.set_down(false);
    inbound.let_time_pass(Duration::from_secs(30));
}

#[tokio::test]
async fn applied_event_that_was_not_recorded_is_retried_without_a_second_patch() {
    let mut inbound = known().await.with_table().start().await;
    let unsubscribe = form("unsubscribe");
    is_not_recorded(&mut inbound, &unsubscribe).await;
    assert_eq!(inbound.vendor.take_lines().len(), 2);
    assert_eq!(inbound.call(event(&unsubscribe)).await.row(), (200, "delivered"));
    assert_eq!(inbound.vendor.take_lines(), [format!("Segment: identify {ANN}")]);
    assert_eq!(inbound.call(event(&unsubscribe)).await.row(), (200, "duplicate"));
}

/// A profile update in this second, with this first name.
fn named(second: u32, name: &str) -> String {
    with(&at(&form("profile"), second), "data[merges][FNAME]", name)
}

/// The first name that Segment shows after these calls, of which it drops the repeats.
fn shown(calls: &[Tracked]) -> &str {
    let mut seen = BTreeSet::new();
    let taken = calls.iter().filter(|call| seen.insert(message_id(call)));
    taken.last().unwrap().body["traits"]["firstName"].as_str().unwrap()
}

#[tokio::test]
async fn call_that_was_not_recorded_is_repeated_with_the_same_message_id() {
    let mut inbound = known().await.with_table().start().await;
    let before = named(4, "Old");
    assert_eq!(inbound.call(event(before)).await.row(), (200, "delivered"));
    inbound.received_once();
    let profile = named(5, "New");
    is_not_recorded(&mut inbound, &profile).await;
    assert_eq!(inbound.call(event(&profile)).await.row(), (200, "delivered"));
    let [first, second] = inbound.received().try_into().unwrap();
    assert_eq!(message_id(&first), message_id(&second), "Segment drops the second");
}

#[tokio::test]
async fn message_id_is_the_same_in_sandboxes_without_a_table() {
    let mut inbound = known().await.start().await;
    for profile in [named(4, "Old"), named(5, "New")] {
        assert_eq!(inbound.call(event(profile)).await.row(), (200, "delivered"));
    }
    let mut other = inbound.sandbox.another().await;
    assert_eq!(other.invoke(event(named(5, "New"))).await.row(), (200, "delivered"));
    let [_, first, second] = inbound.received().try_into().unwrap();
    assert_eq!(message_id(&first), message_id(&second), "Segment drops the second");
}

#[tokio::test]
async fn call_that_was_not_recorded_is_taken_again_after_an_older_event() {
    let mut inbound = known().await.with_table().start().await;
    let newer = named(5, "New");
    is_not_recorded(&mut inbound, &newer).await;
    let older = named(4, "Old");
    assert_eq!(inbound.call(event(older)).await.row(), (200, "delivered"));
    let mut calls = inbound.received();
    assert_eq!((calls.len(), shown(&calls)), (2, "Old"), "nothing says that it is old");
    assert_eq!(inbound.call(event(&newer)).await.row(), (200, "delivered"));
    calls.extend(inbound.received());
    assert_eq!((calls.len(), shown(&calls)), (3, "New"));
    assert_eq!(inbound.call(event(&newer)).await.row(), (200, "duplicate"));
}
