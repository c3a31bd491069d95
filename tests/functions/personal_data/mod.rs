//! Personal data and secrets stay where they belong. Every sample is combined with every fault, at
//! every log level, inline and with a queue, with and without a table. A canary is placed wherever
//! a secret, an address, a name, a cookie or an IP can be. Canaries may reach the vendor, and those
//! of the event the queue message; no log, metric, answer or record.

mod driver;
mod faults;
mod outputs;
mod samples;

use fakes::{
    FakeMailchimp, FakeMandrill, FakeSegment, Scripted, mailchimp::MergeField,
    ory::people_of_the_samples,
};

use self::{
    driver::{Configuration, Placement, drive},
    faults::Party,
    outputs::Seen,
};
use crate::{
    common::setup::{Setup, VENDOR_SECRET, Vendor, WEBHOOK_SECRET},
    mailchimp_inbound::setup::{ORY_SECRET, Vendors, setup as mailchimp, with_ory},
    mailchimp_subscribe::setup::Setup as Subscribe,
    mandrill_welcome::setup::Setup as Welcome,
    segment_identify::setup::setup as segment,
};

/// What the caller presents, and the keys of the vendors: not even stored.
const WEBHOOK_KEY: &str = "magpie-webhook-key-canary";
const VENDOR_KEY: &str = "magpie-vendor-key-canary";
const ORY_TOKEN: &str = "magpie-ory-token-canary";

/// With keys that are marked, and a template that fails as it is told to.
fn with_marks<V: Vendor>(setup: Setup<V>, template: &str) -> Setup<V> {
    setup.secrets.put(WEBHOOK_SECRET, WEBHOOK_KEY);
    setup.secrets.put(VENDOR_SECRET, VENDOR_KEY);
    setup.vendor.set_key(VENDOR_KEY);
    setup.template(template)
}

/// What must come of some of the events, in the log's words: without these, nothing was tried.
const OUTCOMES: [&str; 9] = [
    "accepted",
    "blocked",
    "delivered",
    "malformed",
    "skipped",
    "template_fault",
    "try_later",
    "unauthorized",
    "in_doubt",
];

const MANDRILL: &str = include_str!("../../../functions/mandrill-welcome/welcome.jsonnet");
const SEGMENT: &str = include_str!("../../../functions/segment-identify/identify.jsonnet");
const MAILCHIMP: &str = include_str!("../../../functions/mailchimp-inbound/inbound.jsonnet");
const SUBSCRIBE: &str = include_str!("../../../functions/mailchimp-subscribe/subscribe.jsonnet");

/// Everywhere that a function of Ory's can be put.
const PLACEMENTS: [Placement; 4] =
    [Placement::InLine, Placement::WithTable, Placement::Queued, Placement::Replying];

#[tokio::test]
async fn mandrill_welcome_leaks_no_canary_under_any_fault() {
    let parties: &[Party<FakeMandrill>] = &[|vendor, reply| vendor.reply_always(reply)];
    let setup = async || {
        let setup = with_marks(Welcome::new().await, &faults::template(MANDRILL, faults::OF_CTX));
        setup.vendor.let_bounce(samples::BOUNCING);
        setup.var("SCREEN_REJECTS", "true")
    };
    let seen = drive("mandrill-welcome", &PLACEMENTS, setup, samples::of_ory, parties).await;
    seen.assert_outcomes(&[&OUTCOMES[..], &["interrupted", "duplicate"]].concat());
    assert!(seen.records > 0);
}

#[tokio::test]
async fn segment_identify_leaks_no_canary_under_any_fault() {
    let parties: &[Party<FakeSegment>] = &[|vendor, reply| vendor.reply_always(reply)];
    let setup = async || with_marks(segment().await, &faults::template(SEGMENT, faults::OF_CTX));
    let placements = [Placement::InLine, Placement::Queued, Placement::Replying];
    let seen = drive("segment-identify", &placements, setup, samples::of_ory, parties).await;
    seen.assert_outcomes(&OUTCOMES);
}

#[tokio::test]
async fn mailchimp_inbound_leaks_no_canary_under_any_fault() {
    let parties: &[Party<Vendors>] = &[
        |vendors, reply| vendors.segment.reply_always(reply),
        |vendors, reply| vendors.ory.reply_always(reply),
    ];
    let setup = async || {
        let setup = with_ory(mailchimp().await);
        setup.secrets.put(ORY_SECRET, ORY_TOKEN);
        setup.vendor.ory.set_token(Some(ORY_TOKEN));
        for person in people_of_the_samples() {
            setup.vendor.ory.put_identity(samples::identity(person));
        }
        with_marks(setup, &faults::template(MAILCHIMP, faults::OF_EVENT))
    };
    let placements = [Placement::InLine, Placement::WithTable, Placement::Queued];
    let seen = drive("mailchimp-inbound", &placements, setup, samples::of_mailchimp, parties).await;
    seen.assert_outcomes(&OUTCOMES);
    assert!(seen.records > 0);
}

/// Mailchimp may say it to every call, or to those that write: what a read says is never in doubt.
#[tokio::test]
async fn mailchimp_subscribe_leaks_no_canary_under_any_fault() {
    let parties: &[Party<FakeMailchimp>] = &[
        |vendor, reply| vendor.reply_always(reply),
        |vendor, reply| {
            vendor.set_faults(move |call| {
                let reply = reply.clone().filter(|_| call.is_write())?;
                Some(Scripted { reply, acts: false })
            });
        },
    ];
    let setup = async || {
        let setup = Subscribe::new().await;
        let id = MergeField { is_public: false, ..MergeField::new("ORY_ID", "text") };
        setup.vendor.audience(|audience| audience.put_merge_field(id));
        with_marks(setup, &faults::template(SUBSCRIBE, faults::OF_CTX))
    };
    let placements = [Placement::InLine, Placement::WithTable, Placement::Queued];
    let seen = drive("mailchimp-subscribe", &placements, setup, samples::of_ory, parties).await;
    seen.assert_outcomes(&OUTCOMES);
    assert!(seen.records > 0);
}
