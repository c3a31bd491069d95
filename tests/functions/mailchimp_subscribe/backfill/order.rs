//! A backfill among the person's own events: it is as old as its list, whatever is read since.

use std::time::Duration;

use serde_json::json;
use shared::ctx::AddAs;

use super::Before;
use crate::mailchimp_subscribe::world::{OLD, World};

const SUBSCRIBED: Option<AddAs> = Some(AddAs::Subscribed);
const STALE: &str = "skipped: stale: a newer event was applied";

#[tokio::test]
async fn backfill_comes_to_nothing_after_a_newer_event() {
    let mut people = Before::start().await;
    let listed = people.list(SUBSCRIBED);
    let login = people.ann.event("login", &json!(null));
    people.ann.play(login).await;
    people.ann.function.received();
    people.play(&listed).await;
    assert!(people.ann.function.received().is_empty());
    assert_eq!(people.ann.contacts(), []);
    assert_eq!(people.ann.outcomes().await[1], STALE);
}

/// Whether or not Ory can be asked.
#[tokio::test]
async fn opt_in_since_the_listing_still_counts() {
    for add_as in [None, SUBSCRIBED] {
        for reads_again in [true, false] {
            let mut people = Before::start().await;
            people.changes(json!(false), true);
            let listed = people.list(add_as);
            if !reads_again {
                people.ann = World::start().await;
                people.ann.advance(Duration::from_mins(5));
                people.ann.is_verified = true;
            }
            people.ann.consent = json!(true);
            let opt_in = people.ann.event("settings", &json!(false));
            people.is_as_in_ory();
            people.play(&listed).await;
            people.ann.play(opt_in).await;
            assert_eq!(people.ann.contacts(), [(OLD, "subscribed")], "{add_as:?}");
            assert_eq!(people.ann.outcomes().await[1], "delivered");
        }
    }
}

/// Both events wait, and the backfill comes first: nobody is asked twice.
#[tokio::test]
async fn backfill_does_not_come_before_what_was_withdrawn_and_given_again() {
    let mut people = Before::start().await;
    people.ann.audience(|audience| audience.double_optin = true);
    let listed = people.list(Some(AddAs::Pending));
    people.ann.consent = json!(false);
    let withdrawal = people.ann.event("settings", &json!(true));
    people.ann.consent = json!(true);
    let opt_in = people.ann.event("settings", &json!(false));
    people.is_as_in_ory();
    people.play(&listed).await;
    people.ann.play(withdrawal).await;
    people.ann.play(opt_in).await;
    assert_eq!(people.ann.contacts(), [(OLD, "pending")]);
    people.ann.audience(|audience| assert_eq!(audience.confirmation_mails(OLD), 1));
}

#[tokio::test]
async fn withdrawal_since_the_listing_still_counts() {
    let mut people = Before::start().await;
    let listed = people.list(SUBSCRIBED);
    // Ory is read before, and the person is added.
    people.play(&listed).await;
    assert_eq!(people.ann.contacts(), [(OLD, "subscribed")]);
    people.ann.settings(false).await;
    assert_eq!(people.ann.contacts(), [(OLD, "unsubscribed")]);
    people.play(&listed).await;
    people.is_as_in_ory();
    people.backfill(SUBSCRIBED).await;
    assert_eq!(people.ann.contacts(), [(OLD, "unsubscribed")]);
}

/// What made the identity as it was listed: its event is as old.
#[tokio::test]
async fn event_of_the_listed_state_still_counts() {
    let mut people = Before::start().await;
    let registration = people.ann.event("registration", &json!(null));
    people.is_as_in_ory();
    people.backfill(None).await;
    assert_eq!(people.ann.contacts(), []);
    people.ann.play(registration).await;
    assert_eq!(people.ann.contacts(), [(OLD, "subscribed")]);
}

/// Nothing was known of the person but the list.
#[tokio::test]
async fn verification_after_a_backfill_completes_the_opt_in_of_before() {
    let mut people = Before::start().await;
    people.changes(json!(true), false);
    people.backfill(SUBSCRIBED).await;
    assert_eq!(people.ann.contacts(), []);
    people.ann.verify().await;
    assert_eq!(people.ann.contacts(), [(OLD, "subscribed")]);
}

#[tokio::test]
async fn same_message_again_is_a_duplicate_and_so_is_a_second_run() {
    let mut people = Before::start().await;
    people.backfill(SUBSCRIBED).await;
    people.ann.function.received();
    let again = people.list(SUBSCRIBED);
    for _ in 0..2 {
        people.play(&again).await;
    }
    assert!(people.ann.function.received().is_empty());
    assert_eq!(people.ann.outcomes().await, ["delivered", "duplicate", "duplicate"]);
}

/// A change that is not the person's, and a second run with it.
#[tokio::test]
async fn second_run_after_a_change_changes_no_state() {
    let mut people = Before::start().await;
    people.backfill(SUBSCRIBED).await;
    people.ann.function.vendor.unsubscribe(OLD).unwrap();
    people.changes(json!(true), true);
    people.backfill(SUBSCRIBED).await;
    assert_eq!(people.ann.contacts(), [(OLD, "unsubscribed")]);
}
