//! Changes of the address: the contact follows once the new one is verified, and no consent is won
//! by it.

use fakes::mailchimp::{Act, Moving, Status, What};
use serde_json::json;

use super::{
    setup::Setup,
    world::{NEW, OLD, World},
};

/// Subscribed, with an address that was changed and is not verified yet.
async fn with_new_address() -> World {
    let mut ann = World::start().await;
    ann.subscribe().await;
    ann.change_address();
    ann
}

/// The contact of the old address gets into this state, in a way that Mailchimp knows.
fn becomes(ann: &World, status: Status) {
    let now = ann.now();
    ann.audience(|audience| match status {
        Status::Subscribed => {}
        Status::Unsubscribed => audience.act(OLD, Act::Unsubscribes, now).unwrap(),
        status => {
            // As if it had always been so: with the id that the function knows.
            let id = audience.member(OLD).unwrap().contact_id.clone();
            audience.act(OLD, Act::AdminForgets, now).unwrap();
            audience.act(OLD, Act::SignsUp, now).unwrap();
            audience.act(OLD, Act::AdminForgets, now).unwrap();
            audience.put_member(OLD, status, now).contact_id = id;
        }
    });
    ann.function.vendor.take_webhooks();
}

#[tokio::test]
async fn subscribed_contact_moves_with_its_history() {
    let mut ann = with_new_address().await;
    let id = ann.record()["contact_id"].clone();
    ann.settings(true).await;
    assert_eq!(ann.contacts(), [(OLD, "subscribed")], "nobody knows yet whose address it is");
    ann.verify().await;
    assert_eq!(ann.contacts(), [(NEW, "subscribed")]);
    assert_eq!(ann.record()["contact_id"], id);
    ann.audience(|audience| {
        let last = audience.chronicle_of(NEW).last().unwrap().what.clone();
        assert_eq!(last, What::MovedFrom(OLD.to_owned()));
        assert_eq!(audience.confirmation_mails(NEW), 0);
    });
}

/// Mailchimp moves only subscribed contacts.
#[tokio::test]
async fn contact_that_cannot_move_is_replaced_by_one_with_its_consent() {
    for status in [Status::Unsubscribed, Status::Pending, Status::Transactional] {
        let mut ann = with_new_address().await;
        becomes(&ann, status);
        ann.function.received();
        ann.verify().await;
        assert_eq!(ann.contacts(), [(OLD, "archived"), (NEW, status.word())]);
        let calls = ann.function.received();
        let moves = calls.iter().filter(|call| call.method == http::Method::PATCH);
        assert!(moves.clone().all(|call| call.body.get("email_address").is_none()), "{calls:#?}");
        // Nobody is mailed at an address that is given up.
        ann.audience(|audience| {
            assert_eq!(audience.confirmation_mails(OLD), 0, "{status:?}");
            let asked = usize::from(status == Status::Pending);
            assert_eq!(audience.confirmation_mails(NEW), asked, "{status:?}");
            assert!(audience.subscribed_by_api(NEW).is_empty(), "{status:?}");
        });
        let record = ann.record();
        let of = |address: &str| {
            ann.audience(|audience| audience.member(address).unwrap().contact_id.clone())
        };
        assert_eq!(record["contact_id"], json!(of(NEW)));
        assert_eq!((record.get("to_archive"), &record["archived"]), (None, &json!([of(OLD)])));
        // Nothing more happens to either.
        ann.verify().await;
        ann.settings(true).await;
        assert_eq!(ann.contacts(), [(OLD, "archived"), (NEW, status.word())]);
    }
}

/// Where Mailchimp moves any contact, the result is the same consent.
#[tokio::test]
async fn consent_is_the_same_where_every_contact_can_move() {
    for status in [Status::Unsubscribed, Status::Pending, Status::Transactional] {
        let mut ann = with_new_address().await;
        ann.audience(|audience| audience.moving = Moving::Any);
        becomes(&ann, status);
        ann.verify().await;
        assert_eq!(ann.function.status_of(NEW), Some(status.word()));
    }
}

/// The person unsubscribes between the read and the move.
#[tokio::test]
async fn opt_out_between_the_read_and_the_move_goes_along() {
    for moving in [Moving::Subscribed, Moving::Any] {
        let mut ann = with_new_address().await;
        ann.audience(|audience| {
            audience.moving = moving;
            audience.before_next_write(OLD, Act::Unsubscribes);
        });
        ann.verify().await;
        assert_eq!(ann.function.status_of(NEW), Some("unsubscribed"), "{moving:?}");
        assert_ne!(ann.function.status_of(OLD), Some("subscribed"), "{moving:?}");
    }
}

#[tokio::test]
async fn stricter_consent_of_two_contacts_wins() {
    use Status::{Archived, Cleaned, Pending, Subscribed, Transactional, Unsubscribed};
    let table = [
        // The contact of the old address, and of the new one; the latter afterwards.
        (Subscribed, Subscribed, "subscribed"),
        (Subscribed, Unsubscribed, "unsubscribed"),
        (Subscribed, Pending, "pending"),
        (Subscribed, Transactional, "transactional"),
        (Subscribed, Archived, "archived"),
        (Subscribed, Cleaned, "cleaned"),
        (Unsubscribed, Subscribed, "unsubscribed"),
        (Unsubscribed, Pending, "unsubscribed"),
        (Unsubscribed, Transactional, "transactional"),
        (Pending, Subscribed, "subscribed"),
        (Pending, Unsubscribed, "unsubscribed"),
        (Transactional, Subscribed, "subscribed"),
    ];
    for (old, new, after) in table {
        let mut ann = with_new_address().await;
        becomes(&ann, old);
        ann.put_contact(NEW, new);
        ann.verify().await;
        assert_eq!(ann.function.status_of(NEW), Some(after), "{old:?} {new:?}");
        assert_eq!(ann.function.status_of(OLD), Some("archived"), "{old:?} {new:?}");
        ann.audience(|audience| assert!(audience.subscribed_by_api(NEW).is_empty()));
    }
}

/// Somebody takes the new address in a form, after it was read as free.
#[tokio::test]
async fn contact_that_appears_at_the_new_address_is_found() {
    for (old, after) in [(Status::Subscribed, "subscribed"), (Status::Unsubscribed, "unsubscribed")]
    {
        let mut ann = with_new_address().await;
        becomes(&ann, old);
        ann.audience(|audience| audience.before_next_write(NEW, Act::SignsUp));
        ann.verify().await;
        assert_eq!(ann.contacts(), [(OLD, "archived"), (NEW, after)]);
    }
}

/// Settings take the address of an identity that was verified before, and consent away.
#[tokio::test]
async fn withdrawal_with_a_new_address_reaches_mailchimp() {
    let mut ann = with_new_address().await;
    ann.is_verified = true;
    ann.settings(false).await;
    assert_eq!(ann.contacts(), [(OLD, "unsubscribed")]);
    let login = ann.event("login", &json!(null));
    ann.play(login).await;
    assert_eq!(ann.contacts(), [(OLD, "archived"), (NEW, "unsubscribed")]);
}

/// The person has opted out, and opts in with the new address: Mailchimp asks there.
#[tokio::test]
async fn opt_in_with_a_new_address_waits_for_its_verification() {
    let mut ann = World::start().await;
    ann.subscribe().await;
    ann.settings(false).await;
    ann.change_address();
    ann.settings(true).await;
    assert_eq!(ann.contacts(), [(OLD, "unsubscribed")]);
    ann.verify().await;
    assert_eq!(ann.contacts(), [(OLD, "archived"), (NEW, "pending")]);
}

/// The address changes back before anybody noticed.
#[tokio::test]
async fn contact_stays_where_the_address_is_again() {
    let mut ann = with_new_address().await;
    ann.settings(true).await;
    (ann.address, ann.is_verified) = (OLD, true);
    ann.settings(true).await;
    assert_eq!(ann.contacts(), [(OLD, "subscribed")]);
}

/// Required fields that the person does not have, in every call of a move.
#[tokio::test]
async fn required_field_stops_no_move() {
    for status in [Status::Subscribed, Status::Pending, Status::Unsubscribed] {
        let mut ann = with_new_address().await;
        becomes(&ann, status);
        let required = fakes::mailchimp::MergeField::new("COMPANY", "text").required();
        ann.audience(|audience| audience.put_merge_field(required));
        ann.verify().await;
        assert_eq!(ann.function.status_of(NEW), Some(status.word()));
        ann.settings(false).await;
        assert_eq!(ann.function.status_of(NEW), Some("unsubscribed"));
    }
}

/// Without a table, records are in memory: a new process looks the contact up by its address.
#[tokio::test]
async fn new_process_without_a_table_knows_contacts_by_their_address() {
    let mut ann = World::of(Setup::new().await).await;
    (ann.consent, ann.is_verified) = (json!(true), true);
    let event = ann.event("registration", &json!(null));
    assert_eq!(ann.function.call(event).await.row(), (200, "delivered"));
    ann.function.sandbox.crash().await;
    ann.consent = json!(false);
    let event = ann.event("settings", &json!(true));
    assert_eq!(ann.function.call(event).await.row(), (200, "delivered"));
    assert_eq!(ann.contacts(), [(OLD, "unsubscribed")]);
}
