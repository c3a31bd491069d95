//! A person's way through Ory and the newsletter, from the registration on.

use std::time::Duration;

use fakes::mailchimp::{Act, By, Status, What};
use serde_json::json;

use super::{
    setup::Setup,
    world::{ID, OLD, World},
};

#[tokio::test]
async fn opt_in_waits_for_the_verification_of_the_address() {
    let mut ann = World::start().await;
    ann.register(true).await;
    assert_eq!(ann.contacts(), []);
    assert!(ann.function.methods().iter().all(|method| method == "GET"));
    assert!(ann.record()["opt_in_at"].is_string(), "{}", ann.record());
    ann.verify().await;
    assert_eq!(ann.contacts(), [(OLD, "subscribed")]);
    let member = ann.audience(|audience| audience.member(OLD).unwrap().clone());
    let fields = json!({"FNAME": "Ann", "LNAME": "Lee", "ORY_ID": ID});
    assert_eq!(json!(member.merge_fields), fields);
    let record = ann.record();
    assert_eq!(record["contact_id"], json!(member.contact_id));
    assert_eq!((&record["status"], record.get("opt_in_at")), (&json!("subscribed"), None));
    let waits = "skipped: the opt-in waits for the verification of the address";
    assert_eq!(ann.outcomes().await, [waits, "delivered"]);
}

#[tokio::test]
async fn consent_is_withdrawn_and_given_again() {
    let mut ann = World::start().await;
    ann.subscribe().await;
    ann.settings(false).await;
    assert_eq!(ann.contacts(), [(OLD, "unsubscribed")]);
    // Nothing but a fresh opt-in brings the contact back, and then Mailchimp asks the person.
    for flow in ["login", "verification", "recovery", "registration", "backfill", "reconcile"] {
        let event = ann.event(flow, &json!(null));
        ann.play(event).await;
        assert_eq!(ann.contacts(), [(OLD, "unsubscribed")], "{flow}");
    }
    ann.settings(true).await;
    assert_eq!(ann.contacts(), [(OLD, "pending")]);
    ann.function.vendor.click_confirmation(OLD).unwrap();
    ann.settings(true).await;
    assert_eq!(ann.contacts(), [(OLD, "subscribed")]);
    // The API has subscribed the person once, at the beginning.
    ann.audience(|audience| {
        assert_eq!(audience.subscribed_by_api(OLD).len(), 1);
        assert_eq!(audience.confirmation_mails(OLD), 1);
    });
}

#[tokio::test]
async fn double_opt_in_of_the_audience_asks_the_person() {
    let mut ann = World::start().await;
    ann.audience(|audience| audience.double_optin = true);
    ann.register(true).await;
    ann.verify().await;
    assert_eq!(ann.contacts(), [(OLD, "pending")]);
    // Whatever comes meanwhile: nobody is asked twice.
    for flow in ["verification", "login", "settings"] {
        let event = ann.event(flow, &json!(true));
        ann.play(event).await;
    }
    assert_eq!(ann.contacts(), [(OLD, "pending")]);
    ann.function.vendor.click_confirmation(OLD).unwrap();
    ann.settings(true).await;
    assert_eq!(ann.contacts(), [(OLD, "subscribed")]);
    ann.audience(|audience| {
        assert_eq!(audience.confirmation_mails(OLD), 1);
        assert!(audience.subscribed_by_api(OLD).is_empty());
    });
}

#[tokio::test]
async fn opt_in_that_waits_is_withdrawn() {
    let mut ann = World::start().await;
    ann.register(true).await;
    ann.settings(false).await;
    ann.verify().await;
    assert_eq!(ann.contacts(), []);
    assert_eq!(ann.record().get("opt_in_at"), None);
}

/// The settings; whether the audience has double opt-in; the state after a registration with consent,
/// and after the verification.
type Row = (&'static [(&'static str, &'static str)], bool, &'static str, &'static str);

#[tokio::test]
async fn settings_name_the_rules() {
    let table: [Row; 7] = [
        (&[("OPT_IN", "list")], false, "", "subscribed"),
        (&[("OPT_IN", "confirm")], false, "", "pending"),
        (&[("OPT_IN", "trust")], true, "", "subscribed"),
        (&[("UNVERIFIED", "wait")], true, "", "pending"),
        (&[("UNVERIFIED", "confirm")], false, "pending", "pending"),
        (&[("UNVERIFIED", "confirm"), ("OPT_IN", "trust")], false, "pending", "pending"),
        (&[("NOT_OPTED_IN", "transactional")], false, "", "subscribed"),
    ];
    for (settings, double_opt_in, registered, verified) in table {
        let setup = settings
            .iter()
            .fold(Setup::queued().await, |setup, (name, value)| setup.var(name, *value));
        let mut ann = World::of(setup).await;
        ann.audience(|audience| audience.double_optin = double_opt_in);
        ann.register(true).await;
        let status = |ann: &World| ann.function.status_of(OLD).unwrap_or_default();
        assert_eq!(status(&ann), registered, "{settings:?}");
        ann.verify().await;
        assert_eq!(status(&ann), verified, "{settings:?}");
    }
}

#[tokio::test]
async fn person_without_consent_is_told_only_where_the_operator_wants() {
    for (words, status) in [("skip", None), ("transactional", Some("transactional"))] {
        let setup = Setup::queued().await.var("NOT_OPTED_IN", words);
        let mut ann = World::of(setup).await;
        ann.register(false).await;
        ann.verify().await;
        assert_eq!(ann.function.status_of(OLD), status);
        ann.settings(true).await;
        assert_eq!(ann.contacts(), [(OLD, "subscribed")]);
    }
}

/// Somebody who joined the newsletter by a form, long before the account.
#[tokio::test]
async fn box_that_was_not_ticked_withdraws_nothing() {
    let mut ann = World::start().await;
    ann.put_contact(OLD, Status::Subscribed);
    ann.register(false).await;
    let member = ann.audience(|audience| audience.member(OLD).unwrap().clone());
    assert!(member.merge_fields.is_empty(), "whose address it is, nobody knows yet");
    ann.verify().await;
    assert_eq!(ann.contacts(), [(OLD, "subscribed")]);
    let member = ann.audience(|audience| audience.member(OLD).unwrap().clone());
    assert_eq!(member.merge_fields["ORY_ID"], ID);
}

#[tokio::test]
async fn archived_contact_returns_only_by_a_fresh_opt_in() {
    let mut ann = World::start().await;
    ann.subscribe().await;
    ann.function.vendor.act(OLD, Act::AdminArchives).unwrap();
    for flow in ["login", "verification", "settings"] {
        let event = ann.event(flow, &json!(true));
        ann.play(event).await;
        assert_eq!(ann.contacts(), [(OLD, "archived")], "{flow}");
    }
    ann.consent = json!(false);
    ann.settings(true).await;
    assert_eq!(ann.contacts(), [(OLD, "pending")]);
}

/// Only the person can return, by a form of Mailchimp.
#[tokio::test]
async fn forgotten_person_is_rejected_for_good() {
    let mut ann = World::start().await;
    ann.subscribe().await;
    ann.function.vendor.act(OLD, Act::AdminForgets).unwrap();
    let login = ann.event("login", &json!(null));
    ann.play(login).await;
    ann.consent = json!(false);
    ann.settings(true).await;
    assert_eq!(ann.contacts(), []);
    ann.function.vendor.act(OLD, Act::SignsUp).unwrap();
    ann.settings(true).await;
    assert_eq!(ann.contacts(), [(OLD, "subscribed")]);
    let by = ann.audience(|audience| audience.chronicle_of(OLD).last().unwrap().by);
    assert_eq!(by, By::Person);
    let outcomes = ann.outcomes().await;
    let expected = ["skipped: no contact, and no fresh opt-in", "rejected: forgotten", "delivered"];
    assert_eq!(outcomes[2..], expected);
}

#[tokio::test]
async fn bouncing_address_is_rejected_and_another_one_is_not() {
    let mut ann = World::start().await;
    ann.subscribe().await;
    ann.function.vendor.act(OLD, Act::Bounces).unwrap();
    ann.settings(true).await;
    assert_eq!(ann.contacts(), [(OLD, "cleaned")]);
    ann.change_address();
    ann.consent = json!(false);
    ann.settings(true).await;
    ann.verify().await;
    assert_eq!(ann.contacts(), [(OLD, "cleaned"), (super::world::NEW, "subscribed")]);
}

/// What is remembered for years tells no address, no name and no digest of either.
#[tokio::test]
async fn records_hold_no_personal_data() {
    let mut ann = World::start().await;
    ann.subscribe().await;
    ann.change_address();
    ann.settings(true).await;
    ann.verify().await;
    ann.settings(false).await;
    ann.advance(Duration::from_hours(1));
    let items = ann.function.dynamo_db.items(crate::common::setup::TABLE);
    let text = json!(items).to_string();
    let hashes = [OLD, super::world::NEW].map(shared::mailchimp::member_hash);
    let words = ["ann", "lee", "example", "@"].map(str::to_owned);
    for personal in words.iter().chain(&hashes) {
        assert!(!text.to_lowercase().contains(personal), "{personal} in {text}");
    }
    let is_mail = |what: &What| *what == What::ConfirmationMailed;
    ann.audience(|audience| assert!(!audience.chronicle().iter().any(|it| is_mail(&it.what))));
}
