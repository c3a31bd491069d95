//! Changes of the address.

use serde_json::{Value, json};

use super::{
    audience::{Fault, State},
    world::{World, word},
};

const NEW: &str = "ann@new.example";

/// Subscribed, with an address that was changed and is not verified yet.
async fn with_new_address() -> World {
    let mut ann = World::new();
    ann.subscribe().await;
    (ann.address, ann.is_verified) = (NEW, false);
    ann
}

#[tokio::test(start_paused = true)]
async fn contact_moves_once_the_new_address_is_verified() {
    let mut ann = with_new_address().await;
    assert_eq!(word(&ann.settings(true).await), "delivered subscribed");
    assert_eq!(ann.audience.state().the_one().address, "ann@example.com");
    assert_eq!(word(&ann.verify().await), "delivered subscribed");
    assert_eq!(ann.audience.state().the_one().address, NEW);
    assert_eq!(ann.record().await.contact_id.as_deref(), Some("c1"));
}

/// The contacts in their order: address and state.
fn contacts(ann: &World) -> Vec<(String, String)> {
    let state = ann.audience.state();
    state.members.values().map(|one| (one.address.clone(), one.status.clone())).collect()
}

fn both(old: &str, new: &str) -> Vec<(String, String)> {
    [("ann@example.com", old), (NEW, new)].map(|(at, is)| (at.to_owned(), is.to_owned())).into()
}

/// Mailchimp moves only subscribed contacts.
#[tokio::test(start_paused = true)]
async fn contact_that_cannot_move_is_replaced_by_one_with_its_consent() {
    for status in ["unsubscribed", "pending", "transactional"] {
        let mut ann = with_new_address().await;
        ann.audience.state().set(status);
        assert_eq!(word(&ann.verify().await), format!("delivered {status}"));
        assert_eq!(contacts(&ann), both("archived", status));
        let merges = ann.audience.state().members["c2"].merge_fields.clone();
        assert_eq!(merges["FNAME"], "Ann", "{status}");
        let record = ann.record().await;
        assert_eq!(record.contact_id.as_deref(), Some("c2"), "{status}");
        assert_eq!((record.to_archive, record.archived), (None, vec!["c1".to_owned()]));
        // From here on it is the person's contact.
        assert_eq!(word(&ann.settings(true).await), format!("delivered {status}"));
        assert_eq!(contacts(&ann), both("archived", status));
    }
}

#[tokio::test(start_paused = true)]
async fn opt_out_between_the_read_and_the_move_is_kept() {
    let mut ann = with_new_address().await;
    ann.fail([Fault::Pass(2), Fault::Before(|state| state.set("unsubscribed"))]);
    assert_eq!(word(&ann.verify().await), "delivered unsubscribed");
    assert_eq!(contacts(&ann), both("archived", "unsubscribed"));
}

/// Somebody signs the new address up in a form, while the person's opt-out is carried to it.
#[tokio::test(start_paused = true)]
async fn opt_out_counts_for_a_contact_that_appears_at_the_new_address() {
    let mut ann = with_new_address().await;
    ann.audience.state().set("unsubscribed");
    let appears = |state: &mut State| drop(state.add(NEW, "subscribed"));
    ann.fail([Fault::Pass(2), Fault::Before(appears)]);
    assert_eq!(word(&ann.verify().await), "delivered unsubscribed");
    assert_eq!(contacts(&ann), both("archived", "unsubscribed"));
}

/// A withdrawal must not depend on whether the contact can move.
#[tokio::test(start_paused = true)]
async fn withdrawal_is_written_before_the_contact_moves() {
    let mut ann = with_new_address().await;
    ann.is_verified = true;
    assert_eq!(word(&ann.settings(false).await), "delivered unsubscribed");
    assert_eq!(ann.audience.state().the_one().address, "ann@example.com");
    assert_eq!(word(&ann.settings(false).await), "delivered unsubscribed");
    assert_eq!(contacts(&ann), both("archived", "unsubscribed"));
}

/// The contact is made, and nobody knows it: the next attempt finds both.
#[tokio::test(start_paused = true)]
async fn replacement_in_doubt_is_found_by_the_next_attempt() {
    for status in ["unsubscribed", "pending", "transactional"] {
        let mut ann = with_new_address().await;
        ann.audience.state().set(status);
        ann.is_verified = true;
        let event = ann.event("verification", &Value::Null);
        ann.fail([Fault::Pass(2), Fault::Silence]);
        assert!(word(&ann.deliver(&event).await).starts_with("in_doubt"), "{status}");
        assert_eq!(word(&ann.deliver(&event).await), format!("delivered {status}"));
        assert_eq!(contacts(&ann), both("archived", status));
    }
}

/// A pending contact cannot be archived. The unsubscription that comes first mails nobody.
#[tokio::test(start_paused = true)]
async fn pending_contact_is_unsubscribed_before_it_is_archived() {
    let mut ann = with_new_address().await;
    ann.audience.state().set("pending");
    ann.verify().await;
    let calls = ann.audience.calls();
    let methods: Vec<_> = calls.iter().map(|call| &call[..4]).collect();
    assert_eq!(methods, ["GET ", "GET ", "PUT ", "GET ", "PATC", "DELE"], "{calls:?}");
    assert!(calls[3..].iter().all(|call| call.ends_with("members/c1")), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn contact_of_the_new_address_replaces_the_old_one() {
    let table = [
        // The old contact, the one at the new address; both afterwards.
        ("subscribed", "subscribed", ["archived", "subscribed"]),
        ("unsubscribed", "subscribed", ["archived", "unsubscribed"]),
        ("subscribed", "unsubscribed", ["archived", "unsubscribed"]),
        ("pending", "subscribed", ["archived", "subscribed"]),
        ("subscribed", "transactional", ["archived", "transactional"]),
        ("subscribed", "archived", ["archived", "archived"]),
        ("subscribed", "cleaned", ["archived", "cleaned"]),
        ("cleaned", "subscribed", ["cleaned", "subscribed"]),
        ("archived", "subscribed", ["archived", "subscribed"]),
    ];
    for (old, new, after) in table {
        let mut ann = with_new_address().await;
        ann.audience.state().set(old);
        ann.audience.state().add(NEW, new);
        ann.verify().await;
        let members: Vec<_> =
            ann.audience.state().members.values().map(|member| member.status.clone()).collect();
        assert_eq!(members, after, "{old} {new}");
        let record = ann.record().await;
        assert_eq!((record.contact_id.as_deref(), record.to_archive), (Some("c2"), None));
        let moved = !["cleaned", "archived"].contains(&old);
        assert_eq!(record.archived, if moved { vec!["c1"] } else { vec![] }, "{old} {new}");
    }
}

/// The read says that nobody has the address, and Mailchimp that somebody has.
#[tokio::test(start_paused = true)]
async fn contact_that_takes_the_new_address_meanwhile_is_found() {
    let mut ann = with_new_address().await;
    ann.fail([
        Fault::Pass(2),
        Fault::Before(|state| {
            state.add(NEW, "subscribed");
        }),
    ]);
    assert_eq!(word(&ann.verify().await), "delivered subscribed");
    let members = ann.audience.state().members.clone();
    assert_eq!((&*members["c1"].status, &*members["c2"].status), ("archived", "subscribed"));
}

#[tokio::test(start_paused = true)]
async fn old_contact_is_archived_by_the_next_attempt_if_not_by_this_one() {
    let mut ann = with_new_address().await;
    ann.audience.state().add(NEW, "subscribed");
    // Two reads, the write, the read of the old contact.
    ann.fail([Fault::Pass(4), Fault::Answer(429, "")]);
    ann.is_verified = true;
    let event = ann.event("verification", &Value::Null);
    assert!(word(&ann.deliver(&event).await).starts_with("try_later"));
    assert_eq!(ann.record().await.to_archive.as_deref(), Some("c1"));
    assert_eq!(word(&ann.deliver(&event).await), "delivered subscribed");
    assert_eq!(ann.audience.state().members["c1"].status, "archived");
}

#[tokio::test(start_paused = true)]
async fn opt_in_with_a_new_address_waits_for_its_verification() {
    let mut ann = World::new();
    ann.register(false).await;
    ann.verify().await;
    ann.settings(true).await;
    ann.settings(false).await;
    assert_eq!(ann.status(), "unsubscribed");
    (ann.address, ann.is_verified) = (NEW, false);
    assert_eq!(word(&ann.settings(true).await), "delivered unsubscribed");
    assert_eq!(word(&ann.verify().await), "delivered pending");
    assert_eq!(contacts(&ann), both("archived", "pending"));
}

#[tokio::test(start_paused = true)]
async fn contact_that_was_deleted_is_looked_up_by_its_address() {
    let mut ann = World::new();
    ann.subscribe().await;
    ann.audience.state().members.clear();
    let event = ann.event("login", &json!(true));
    assert_eq!(word(&ann.deliver(&event).await), "skipped: no contact, and no fresh opt-in");
}
