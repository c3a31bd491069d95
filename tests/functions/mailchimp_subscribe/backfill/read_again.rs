//! The identity is read again before anything is written: the message may have waited for hours.

use std::time::Duration;

use fakes::server::FakeReply;
use serde_json::json;
use shared::ctx::AddAs;

use super::{Before, ORY_SECRET};
use crate::{
    common::vendor_replies,
    mailchimp_subscribe::{
        setup::Setup,
        world::{OLD, World, outcome},
    },
};

const SUBSCRIBED: Option<AddAs> = Some(AddAs::Subscribed);

/// Consent that is withdrawn, for example. Whatever has changed has an event of its own, or the next run
/// lists it.
#[tokio::test]
async fn nothing_is_written_of_somebody_who_has_changed_since_the_listing() {
    for (consent, is_verified) in
        [(json!(false), true), (json!(null), true), (json!(true), false), (json!(true), true)]
    {
        let mut people = Before::start().await;
        let listed = people.list(SUBSCRIBED);
        people.changes(consent.clone(), is_verified);
        people.play(&listed).await;
        assert!(people.ann.function.received().is_empty(), "{consent} {is_verified}");
        assert_eq!(people.asked(), 1);
        people.backfill(SUBSCRIBED).await;
        let is_added = consent == json!(true) && is_verified;
        assert_eq!(people.ann.contacts().len(), usize::from(is_added), "{consent} {is_verified}");
        let outcomes = people.ann.outcomes().await;
        assert_eq!(outcomes[0], "skipped: changed since it was listed");
    }
}

/// Should Ory verify or take back an address without a new `updated_at`.
#[tokio::test]
async fn what_was_read_counts_and_not_what_was_listed() {
    for is_verified in [true, false] {
        let mut people = Before::start().await;
        people.ann.is_verified = !is_verified;
        let listed = people.list(SUBSCRIBED);
        people.ann.is_verified = is_verified;
        people.ory.put_identity(people.identity());
        people.play(&listed).await;
        let expected: &[_] = if is_verified { &[(OLD, "subscribed")] } else { &[] };
        assert_eq!(people.ann.contacts(), expected);
    }
}

#[tokio::test]
async fn deleted_identity_is_skipped_without_a_call_to_mailchimp() {
    let mut people = Before::start().await;
    let listed = people.list(SUBSCRIBED);
    people.ory.remove_identity(super::ID);
    people.play(&listed).await;
    assert!(people.ann.function.received().is_empty());
    assert_eq!(people.ann.outcomes().await, ["skipped: identity gone"]);
}

#[tokio::test]
async fn message_stays_in_the_queue_while_ory_cannot_be_read() {
    let refused = |status| FakeReply::json(status, &json!({"error": {"code": status}}));
    let other = json!({"id": "00000009-1111-4111-8111-0000000000c1", "traits": {}});
    let older = json!({"id": super::ID, "traits": {}, "updated_at": "2026-01-01T00:00:00Z"});
    let table = [
        (vec![FakeReply::HangUp], "try_later: the request was maybe written", None),
        (vec![vendor_replies::html(502)], "try_later: Ory returned 502", Some(502)),
        (vec![refused(429)], "try_later: Ory returned 429", Some(429)),
        (vec![FakeReply::json(200, &json!(null))], "try_later: Ory returned an unrec", Some(200)),
        (vec![FakeReply::json(200, &other)], "try_later: Ory returned a different", None),
        (vec![FakeReply::json(200, &older)], "try_later: Ory lags behind", None),
        (vec![refused(401), refused(401)], "blocked: ", Some(401)),
        (vec![vendor_replies::html(404)], "blocked: Ory returned an unrecognized 404", Some(404)),
    ];
    for (replies, expected, status) in table {
        let context = format!("{replies:?}");
        let mut people = Before::start().await;
        for reply in replies {
            people.ory.reply_next(reply);
        }
        let listed = people.list(SUBSCRIBED);
        people.send(&listed);
        assert_eq!(people.ann.function.work().await.len(), 1, "{context}");
        assert!(people.ann.function.received().is_empty(), "{context}");
        people.ann.function.let_time_pass(Duration::from_mins(15));
        assert!(people.ann.function.work().await.is_empty(), "{context}");
        assert_eq!(people.ann.contacts(), [(OLD, "subscribed")], "{context}");
        let lines = people.ann.function.end().await.deliveries();
        assert!(outcome(&lines[0]).starts_with(expected), "{}: {context}", outcome(&lines[0]));
        assert_eq!(lines[0].get("vendor_status").cloned(), status.map(|it| json!(it)), "{context}");
        assert_eq!(outcome(&lines[1]), "delivered", "{context}");
    }
}

#[tokio::test]
async fn silent_ory_leaves_time_to_come_again() {
    let mut people = Before::of(Setup::queued().await.var("VENDOR_TIMEOUT_MS", "1000")).await;
    people.ory.reply_next(vendor_replies::nothing());
    let listed = people.list(SUBSCRIBED);
    people.send(&listed);
    assert_eq!(people.ann.function.work().await.len(), 1);
    assert_eq!(people.ann.contacts(), []);
}

#[tokio::test]
async fn webhooks_of_people_are_not_read_again() {
    let mut people = Before::start().await;
    people.ann.subscribe().await;
    people.ann.settings(false).await;
    assert_eq!(people.asked(), 0);
}

/// As it was listed.
#[tokio::test]
async fn without_ory_the_listed_identity_counts() {
    let mut people = Before::start().await;
    people.ann = World::start().await;
    people.changes(json!(true), true);
    people.backfill(SUBSCRIBED).await;
    assert_eq!(people.ann.contacts(), [(OLD, "subscribed")]);
    assert_eq!(people.asked(), 0);
}

#[tokio::test]
async fn token_is_fetched_at_startup_and_afresh_if_ory_refuses_it() {
    let mut people = Before::start().await;
    assert_eq!(people.ann.function.secrets.fetches(), 3, "the caller's, Mailchimp's and Ory's");
    people.ory.set_token(Some("another-token"));
    people.ann.function.secrets.put(ORY_SECRET, r#"{"access_token":"another-token"}"#);
    people.backfill(SUBSCRIBED).await;
    assert_eq!(people.ann.contacts(), [(OLD, "subscribed")]);
    assert_eq!(people.ann.function.secrets.fetches(), 4);
}
