//! Rotation of vendor API keys: add a second key at the vendor, put it, wait, revoke the first. No
//! call carries a revoked key: Segment would answer it 200.

use std::{collections::BTreeSet, time::Duration};

use fakes::{FakeMandrill, WEBHOOK_KEY, ory::person};
use integration::Event;

use super::{
    events::{identify, of_mailchimp, of_ory, opt_in_of, subscribe, welcome},
    fleet::Fleet,
};
use crate::{
    common::setup::{Setup, VENDOR_SECRET, Vendor},
    mailchimp_inbound::{
        people::with_consent,
        setup::{ORY_SECRET, SECRET, SENDS_TO_SEGMENT, Vendors, setup as mailchimp, with_ory},
    },
};

const NEXT: &str = "the-next-key-of-the-vendor";

/// The steps, with what makes the vendor take a second key, and then no other.
async fn is_rotated<V: Vendor>(
    setup: Setup<V>,
    secret: &str,
    [add, set]: [fn(&V); 2],
    event: fn(usize) -> Event,
) {
    let mut fleet = Fleet::start(setup).await;
    fleet.takes(event).await;
    add(&fleet.running.vendor);
    fleet.takes(event).await;
    fleet.running.secrets.put(secret, NEXT);
    fleet.takes(event).await;
    fleet.waits().await;
    set(&fleet.running.vendor);
    fleet.takes(event).await;
    fleet.waits().await;
    fleet.takes(event).await;
    fleet.assert_each_was_delivered_once();
}

fn from_ory(n: usize) -> Event {
    of_ory(n, WEBHOOK_KEY)
}

fn from_mailchimp(n: usize) -> Event {
    of_mailchimp(n, SECRET)
}

/// The steps at the vendor whose key is in the usual place.
fn at_the_vendor<V: Vendor>() -> [fn(&V); 2] {
    [|vendor| vendor.add_key(NEXT), |vendor| vendor.set_key(NEXT)]
}

#[tokio::test]
async fn mandrill_key_rotation_loses_no_welcome() {
    let setup = welcome().await;
    is_rotated(setup, VENDOR_SECRET, at_the_vendor(), from_ory).await;
}

#[tokio::test]
async fn segment_key_rotation_loses_no_identify() {
    let setup = identify().await;
    is_rotated(setup, VENDOR_SECRET, at_the_vendor(), from_ory).await;
}

#[tokio::test]
async fn mailchimp_key_rotation_loses_no_opt_in() {
    let setup = subscribe().await;
    let opt_in = |n| opt_in_of(n, WEBHOOK_KEY);
    is_rotated(setup, VENDOR_SECRET, at_the_vendor(), opt_in).await;
}

#[tokio::test]
async fn segment_key_rotation_loses_no_mailchimp_event() {
    let setup = mailchimp().await.template(SENDS_TO_SEGMENT);
    is_rotated(setup, VENDOR_SECRET, at_the_vendor(), from_mailchimp).await;
}

#[tokio::test]
async fn ory_token_rotation_loses_no_consent() {
    let setup = with_ory(mailchimp().await).with(|it| it.without("SEGMENT_SECRET_ID"));
    for n in 1..100 {
        let id = format!("{n:08}-1111-4111-8111-0000000000a1");
        let person = person(&id, &format!("person-{n}@example.com"));
        setup.vendor.ory.put_identity(with_consent(person, false));
    }
    let at_ory: [fn(&Vendors); 2] =
        [|vendors| vendors.ory.add_token(NEXT), |vendors| vendors.ory.set_token(Some(NEXT))];
    is_rotated(setup, ORY_SECRET, at_ory, from_mailchimp).await;
}

/// A key that leaked is revoked at once.
#[tokio::test]
async fn mandrill_key_revoked_too_early_delays_mails_and_loses_none() {
    let mut fleet = Fleet::start_with_lasting_secrets(welcome().await).await;
    fleet.running.vendor.set_key(NEXT);
    fleet.accepts(from_ory).await;
    let waiting = fleet.delivers().await;
    assert!(waiting.iter().all(|message| message.visibility == Some(900)), "{waiting:#?}");
    let refused = fleet.running.received();
    assert!(refused.iter().all(|call| call.body["key"] == FakeMandrill::KEY), "{refused:#?}");

    fleet.running.secrets.put(VENDOR_SECRET, NEXT);
    fleet.running.let_time_pass(Duration::from_mins(15));
    assert!(fleet.delivers().await.is_empty());
    let calls = fleet.running.received().into_iter().filter(|call| call.body["key"] == NEXT);
    let mails: Vec<_> = calls.map(|call| call.to_string()).collect();
    let different: BTreeSet<_> = mails.iter().collect();
    assert_eq!((mails.len(), different.len()), (waiting.len(), waiting.len()));
}
