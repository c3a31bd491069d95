//! Changes of the address.

use serde_json::{Value, json};

use super::{
    audience::Fault,
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

#[tokio::test(start_paused = true)]
async fn opt_out_is_kept_by_a_move_even_if_it_comes_between_read_and_write() {
    let mut ann = with_new_address().await;
    ann.fail([Fault::Pass(2), Fault::Before(|state| state.set("unsubscribed"))]);
    assert_eq!(word(&ann.verify().await), "delivered unsubscribed");
    assert_eq!(ann.audience.state().the_one().address, NEW);
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
    assert_eq!(ann.audience.state().the_one().address, NEW);
}

#[tokio::test(start_paused = true)]
async fn contact_that_was_deleted_is_looked_up_by_its_address() {
    let mut ann = World::new();
    ann.subscribe().await;
    ann.audience.state().members.clear();
    let event = ann.event("login", &json!(true));
    assert_eq!(word(&ann.deliver(&event).await), "skipped: no contact, and no fresh opt-in");
}
