//! Which identity an event is about.

use fakes::ory::person;
use serde_json::{Value, json};

use super::{
    events::{event, of_others, to, with_metadata},
    mark::mark,
    setup::known,
};
use crate::{
    common::{event_log::metrics, setup::Vendor},
    mailchimp_inbound::people::{ANN, BEN, ann, ben, with_consent},
};

const NOBODY: &str = "000000c3-1111-4111-8111-0000000000c3";

#[tokio::test]
async fn identity_in_the_metadata_is_read_without_a_search() {
    let mut inbound = known().await.start().await;
    inbound.takes(&[event("hard_bounce", 0)]).await;
    assert_eq!(inbound.asked()[0], format!("Ory: get {ANN}"));
    assert!(!mark(&inbound).is_null());
}

#[tokio::test]
async fn identity_is_found_by_the_address_otherwise() {
    let others = [
        of_others(event("hard_bounce", 0)),
        with_metadata(json!(null), event("hard_bounce", 0)),
        with_metadata(json!({"ory_identity": "not-an-id"}), event("hard_bounce", 0)),
        with_metadata(json!({"ory_identity": 5}), event("hard_bounce", 0)),
        // Deleted meanwhile, and registered anew.
        with_metadata(json!({ "ory_identity": NOBODY }), event("hard_bounce", 0)),
    ];
    for event in others {
        let mut inbound = known().await.start().await;
        inbound.takes(std::slice::from_ref(&event)).await;
        assert!(!mark(&inbound).is_null(), "{event}");
        assert!(inbound.asked().contains(&"Ory: find ann@example.com".to_owned()), "{event}");
    }
}

#[tokio::test]
async fn event_about_nobody_who_is_known_patches_nothing_and_is_counted() {
    let nobody = |event: Value| {
        let metadata = json!({"ory_identity": NOBODY});
        with_metadata(metadata, to("nobody@example.com", event))
    };
    let mut inbound = known().await.start().await;
    inbound.takes(&[nobody(event("hard_bounce", 0)), nobody(event("delivered", 1))]).await;
    inbound.takes(&[nobody(event("spam", 2))]).await;
    assert!(inbound.is_at_rest());
    assert_eq!((inbound.identity(ANN), inbound.identity(BEN)), (ann(), ben()));
    let log = inbound.end().await.deliveries();
    for line in &log[..2] {
        assert_eq!((&line["outcome"], &line["cause"]), (&json!("skipped"), &json!("cancelled")));
        assert_eq!(metrics(line), ["Skipped", "Unmatched"].into(), "{line:#}");
    }
    assert_eq!(metrics(&log[2]), ["Skipped", "Unmatched", "UnmatchedWithdrawal"].into());
}

#[tokio::test]
async fn event_without_an_address_is_about_the_named_identity_or_nobody() {
    let without = |mut event: Value| {
        event["msg"].as_object_mut().unwrap().remove("email");
        event
    };
    let setup = known().await;
    setup.vendor.ory.put_identity(with_consent(ann(), true));
    let mut inbound = setup.start().await;
    inbound.takes(&[without(event("hard_bounce", 0)), without(of_others(event("spam", 1)))]).await;
    // Mandrill leaves `msg` empty where it has no longer indexed the mail.
    let mut empty = event("delivered", 2);
    empty["msg"] = json!({});
    inbound.takes(&[empty]).await;
    assert!(inbound.is_at_rest());
    inbound.takes(&[without(event("spam", 3))]).await;
    assert_eq!(inbound.consent(ANN), false);
}

/// The mail of one went to the address of the other: one withdrawal too many does less harm.
#[tokio::test]
async fn complaint_that_may_be_about_two_people_withdraws_the_consent_of_both() {
    let setup = known().await;
    for person in [ann(), ben()] {
        setup.vendor.ory.put_identity(with_consent(person, true));
    }
    let mut inbound = setup.start().await;
    inbound.takes(&[to("ben@example.com", event("spam", 0))]).await;
    assert_eq!((inbound.consent(ANN), inbound.consent(BEN)), (json!(false), json!(false)));
    let line = inbound.end().await.deliveries().pop().unwrap();
    assert_eq!(line["IdentityMismatch"], json!(1.0), "{line:#}");
    assert_eq!(line["identity_id"], format!("{ANN},{BEN}"));
}

#[tokio::test]
async fn bounce_is_about_the_named_identity_and_not_about_the_owner_of_the_address() {
    let mut inbound = known().await.start().await;
    inbound.takes(&[to("ben@example.com", event("hard_bounce", 0))]).await;
    assert!(inbound.is_at_rest());
    assert_eq!((inbound.identity(ANN), inbound.identity(BEN)), (ann(), ben()));
}

#[tokio::test]
async fn address_of_two_identities_waits_for_an_operator() {
    let setup = known().await;
    setup.vendor.ory.put_identity(person(NOBODY, "ann@example.com"));
    let mut inbound = setup.start().await;
    inbound.is_told(&[of_others(event("hard_bounce", 0))]).await;
    assert_eq!(inbound.work().await.len(), 1);
    assert!(inbound.vendor.take_lines().is_empty());
    let line = inbound.end().await.deliveries().pop().unwrap();
    assert_eq!(line["outcome"], "blocked");
}

#[tokio::test]
async fn without_ory_nobody_is_known() {
    let mut inbound = super::setup::setup().await.start().await;
    inbound.takes(&[event("hard_bounce", 0), event("spam", 1)]).await;
    assert!(inbound.is_at_rest());
}
