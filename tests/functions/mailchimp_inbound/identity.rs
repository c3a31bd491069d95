//! Matching an event to an identity.

use fakes::{AdminCall, ory::person, server::FakeReply};
use serde_json::{Value, json};

use super::{
    forms::{TYPES, at, form, with},
    people::{ANN, BEN, ann, ben, known, known_and_queued, with_consent},
    setup::{Vendors, event, is_skipped},
};
use crate::common::{
    event_log::metrics,
    setup::{QUEUE, Running, Vendor, message_id},
};

/// Where the shipped template keeps consent.
const CONSENT: &str = "/traits/consent/newsletter";

/// A form of this type, whose merge field `ORY_ID` is this.
fn naming(kind: &str, ory_id: &str) -> String {
    with(&form(kind), "data[merges][ORY_ID]", ory_id)
}

/// Checks that an event about this identity is delivered, after these calls to Ory.
async fn is_about(inbound: &mut Running<Vendors>, form: &str, id: &str, asked: &[String]) {
    assert_eq!(inbound.call(event(form)).await.row(), (200, "delivered"), "{form}");
    let reads = inbound.asked().into_iter().filter(|line| !line.starts_with("Ory: patch"));
    assert_eq!(reads.collect::<Vec<_>>(), asked, "{form}");
    assert_eq!(inbound.received_once().body["userId"], id, "{form}");
}

fn get(id: &str) -> String {
    format!("Ory: get {id}")
}

fn find_ann() -> String {
    "Ory: find ann@example.com".to_owned()
}

const WITH_MERGES: [&str; 3] = ["subscribe", "profile", "unsubscribe"];

#[tokio::test]
async fn identity_id_with_its_verified_address_is_matched() {
    let setup = known().await;
    let mut ann = ann();
    ann["credentials"]["password"]["identifiers"] = json!(["ann-who-signs-in-by-her-name"]);
    setup.vendor.ory.put_identity(ann);
    let mut inbound = setup.start().await;
    for (n, kind) in (0..).zip(WITH_MERGES) {
        let form = at(&naming(kind, ANN), n);
        // A withdrawal looks for others whom it may mean, too.
        let asked = match kind {
            "unsubscribe" => vec![get(ANN), find_ann(), get(ANN)],
            _ => vec![get(ANN), get(ANN)],
        };
        is_about(&mut inbound, &form, ANN, &asked).await;
    }
    // However it is written.
    for (n, id) in (10..).zip([ANN.to_uppercase(), ANN.replace('-', ""), format!("+{ANN}+")]) {
        let form = at(&naming("subscribe", &id), n);
        is_about(&mut inbound, &form, ANN, &[get(ANN), get(ANN)]).await;
    }
}

#[tokio::test]
async fn identity_id_without_the_address_is_used_for_withdrawals_only() {
    let setup = known().await;
    let mut other = ben();
    // What he has not proved to be his does not count.
    other["traits"]["email"] = json!("ann@example.com");
    let address = json!({"value": "ann@example.com", "verified": false, "via": "email"});
    other["verifiable_addresses"].as_array_mut().unwrap().push(address);
    setup.vendor.ory.put_identity(other.clone());
    let mut inbound = setup.start().await;
    for (n, kind) in (0..).zip(["subscribe", "profile"]) {
        let form = at(&naming(kind, BEN), n);
        is_about(&mut inbound, &form, ANN, &[get(BEN), find_ann(), get(ANN)]).await;
    }
    assert_eq!(inbound.identity(BEN), other, "he is untouched");
    let unsubscribe = event(at(&naming("unsubscribe", BEN), 2));
    assert_eq!(inbound.call(unsubscribe.clone()).await.row(), (200, "delivered"));
    let asked = [get(BEN), find_ann(), get(BEN), format!("Ory: patch {BEN} {CONSENT}")];
    let asked = asked.into_iter().chain([get(ANN), format!("Ory: patch {ANN} {CONSENT}")]);
    assert_eq!(inbound.asked(), asked.collect::<Vec<_>>());
    let sent = inbound.received();
    assert_eq!(sent.iter().map(|call| &call.body["userId"]).collect::<Vec<_>>(), [BEN, ANN]);
    assert_ne!(message_id(&sent[0]), message_id(&sent[1]), "or Segment would drop the second");
    assert_eq!((inbound.consent(BEN), inbound.consent(ANN)), (json!(false), json!(false)));
    assert_eq!(inbound.call(unsubscribe).await.row(), (200, "duplicate"));
    let lines = inbound.end().await.event_log();
    assert_eq!(lines[2]["IdentityMismatch"], 1.0);
    assert_eq!(lines[2]["identity_id"], format!("{BEN},{ANN}"));
    assert!(lines[..2].iter().all(|line| line.get("IdentityMismatch").is_none()));
}

#[tokio::test]
async fn withdrawal_is_retried_for_the_identity_that_failed() {
    let setup = known_and_queued().await;
    for person in [ben(), ann()] {
        setup.vendor.ory.put_identity(with_consent(person, true));
    }
    let mut inbound = setup.start().await;
    inbound.call(event(naming("unsubscribe", BEN))).await;
    let ory = &inbound.vendor.ory;
    let read = |id: &str| FakeReply::json(200, &ory.identity(id).unwrap());
    ory.reply_next(read(BEN));
    ory.reply_next(FakeReply::json(200, &json!([ory.identity(ANN).unwrap()])));
    ory.reply_next(read(BEN));
    ory.reply_next(FakeReply::json(503, &json!({})));
    assert!(inbound.work_after(1).await.is_some());
    assert_eq!((inbound.consent(BEN), inbound.consent(ANN)), (json!(true), json!(false)));
    inbound.vendor.take_lines();
    inbound.sqs.make_visible(QUEUE);
    assert!(inbound.work().await.is_empty());
    assert_eq!((inbound.consent(BEN), inbound.consent(ANN)), (json!(false), json!(false)));
    let patched = [format!("Ory: patch {BEN} {CONSENT}"), format!("Segment: identify {BEN}")];
    assert_eq!(inbound.vendor.take_lines(), patched, "Ann's part is done");
}

#[tokio::test]
async fn address_changed_only_at_mailchimp_is_matched_by_identity_id() {
    let mut inbound = known().await.start().await;
    let upemail = form("upemail");
    assert_eq!(inbound.call(event(&upemail)).await.row(), (200, "delivered"));
    let from_new = with(&form("unsubscribe"), "data[email]", "ann.new%40example.com");
    let unmatched = inbound.call(event(at(&from_new, 1))).await;
    assert!(is_skipped(&unmatched, "nothing to do"), "without the id nobody can know her");
    let named = with(&at(&from_new, 2), "data[merges][ORY_ID]", ANN);
    assert_eq!(inbound.call(event(named)).await.row(), (200, "delivered"));
    assert_eq!(inbound.consent(ANN), false);
}

#[tokio::test]
async fn identity_id_of_another_address_gives_no_consent() {
    let mut inbound = known().await.start().await;
    for kind in ["subscribe", "profile"] {
        let unknown = with(&naming(kind, BEN), "data[email]", "eve%40example.com");
        assert!(is_skipped(&inbound.call(event(unknown)).await, "nothing to do"), "{kind}");
        assert_eq!(inbound.asked(), [get(BEN), "Ory: find eve@example.com".to_owned()], "{kind}");
    }
    assert!(inbound.received().is_empty());
    assert_eq!(inbound.identity(BEN), ben());
}

#[tokio::test]
async fn event_without_merge_fields_has_no_identity_id() {
    let mut inbound = known().await.start().await;
    let abuse = with(&naming("cleaned", BEN), "data[reason]", "abuse");
    is_about(&mut inbound, &abuse, ANN, &[find_ann(), get(ANN)]).await;
    let upemail = with(&naming("upemail", BEN), "data[ORY_ID]", BEN);
    is_about(&mut inbound, &upemail, ANN, &[find_ann(), get(ANN)]).await;
    assert_eq!(inbound.identity(BEN), ben());
}

#[tokio::test]
async fn invalid_identity_id_is_never_sent_to_ory() {
    let ids = [
        "../x",
        "..%2F..%2Fadmin%2Frecovery",
        "a/b%3Fc",
        "%252e%252e%252fx",
        "not-a-uuid",
        "ann%40example.com",
        "*",
        "%0D%0AHost:+example.com",
        &format!("{BEN}%2F..%2F{BEN}"),
        &format!("{BEN}%3Fx=y"),
        &format!("{BEN}%23"),
        &format!("{BEN}x"),
    ];
    let mut inbound = known().await.start().await;
    for (n, id) in (0..).zip(ids) {
        for (m, kind) in (0..).zip(WITH_MERGES) {
            let form = at(&naming(kind, id), 10 * n + m);
            is_about(&mut inbound, &form, ANN, &[find_ann(), get(ANN)]).await;
        }
    }
    assert_eq!(inbound.identity(BEN), ben());
}

#[tokio::test]
async fn unknown_identity_id_falls_back_to_the_address() {
    let gone = "000000c3-1111-4111-8111-0000000000c3";
    let mut inbound = known().await.start().await;
    for (n, kind) in (0..).zip(WITH_MERGES) {
        let form = at(&naming(kind, gone), n);
        is_about(&mut inbound, &form, ANN, &[get(gone), find_ann(), get(ANN)]).await;
    }
    for (n, nil) in (10..).zip(["", "+", "00000000-0000-0000-0000-000000000000"]) {
        let form = at(&naming("subscribe", nil), n);
        assert_eq!(inbound.call(event(form)).await.row(), (200, "delivered"), "{nil}");
        assert_eq!(inbound.received_once().body["userId"], ANN, "{nil}");
    }
}

/// The events that take consent away.
fn withdraws(form: &str) -> bool {
    form.contains("unsubscribe") || form.contains("abuse")
}

#[tokio::test]
async fn unknown_identity_is_unmatched_and_withdrawals_are_counted_separately() {
    let abuse = with(&form("cleaned"), "data[reason]", "abuse");
    let about_somebody = TYPES.into_iter().filter(|kind| *kind != "campaign").map(form);
    let forms: Vec<_> = about_somebody.chain([abuse]).collect();
    let setup = known().await;
    setup.vendor.ory.remove_identity(ANN);
    let mut inbound = setup.start().await;
    for (n, form) in (0..).zip(&forms) {
        let answer = inbound.call(event(at(form, n))).await;
        assert!(is_skipped(&answer, "nothing to do"), "{form}");
    }
    assert!(inbound.is_at_rest());
    for (form, line) in forms.iter().zip(inbound.end().await.event_log()) {
        let mut expected = vec!["Received", "Skipped", "Unmatched"];
        expected.extend(withdraws(form).then_some("UnmatchedWithdrawal"));
        assert_eq!(metrics(&line), expected.into_iter().collect(), "{form}");
        assert_eq!(line.get("identity_id"), None, "{form}");
    }
}

#[tokio::test]
async fn unknown_identity_is_sent_to_segment_with_the_template_user_id() {
    let code = "function(ctx) {
        ory: { patch: [{ op: 'add', path: '/traits/consent/newsletter', value: true }] },
        segment: { userId: 'mailchimp-' + ctx.event.data.id, traits: { known: ctx.identity } },
    }";
    let setup = known().await.template(code);
    setup.vendor.ory.remove_identity(ANN);
    let mut inbound = setup.start().await;
    let answer = inbound.call(event(form("unsubscribe"))).await;
    assert_eq!(answer.body["vendor"], json!({"segment": {"success": true}}));
    assert_eq!(inbound.vendor.take_lines(), ["Segment: identify mailchimp-8a25ff1d98"]);
    let line = inbound.end().await.only_line();
    let expected = ["Received", "Delivered", "Unmatched", "UnmatchedWithdrawal", "VendorLatency"];
    assert_eq!(metrics(&line), expected.into());
}

#[tokio::test]
async fn identity_created_later_is_matched_from_then_on() {
    let setup = known().await;
    setup.vendor.ory.remove_identity(ANN);
    let mut inbound = setup.start().await;
    assert_eq!(inbound.call(event(form("subscribe"))).await.row(), (200, "skipped"));
    inbound.vendor.ory.put_identity(ann());
    assert_eq!(inbound.call(event(form("unsubscribe"))).await.row(), (200, "delivered"));
    assert_eq!(inbound.consent(ANN), false);
}

/// Two identities whose credentials share Ann's address: she has verified it, Ben has not.
fn two(is_verified_by_ben: bool) -> (Value, Value) {
    let mut ben = person(BEN, "ann@example.com");
    ben["verifiable_addresses"][0]["verified"] = json!(is_verified_by_ben);
    (with_consent(ann(), true), with_consent(ben, true))
}

#[tokio::test]
async fn withdrawal_applies_to_both_identities_with_the_address() {
    for is_verified in [false, true] {
        let setup = known().await;
        let (ann, ben) = two(is_verified);
        setup.vendor.ory.put_identity(ann);
        setup.vendor.ory.put_identity(ben);
        let mut inbound = setup.start().await;
        assert_eq!(inbound.call(event(form("unsubscribe"))).await.row(), (200, "delivered"));
        assert_eq!((inbound.consent(ANN), inbound.consent(BEN)), (json!(false), json!(false)));
        assert_eq!(inbound.received().len(), 2);
        let line = inbound.end().await.only_line();
        assert_eq!(line.get("IdentityMismatch"), None, "no id says otherwise");
    }
}

#[tokio::test]
async fn consent_applies_to_the_identity_that_verified_the_address() {
    let setup = known().await;
    let (mut ann, mut ben) = two(false);
    for one in [&mut ann, &mut ben] {
        one["traits"]["consent"] = Value::Null;
    }
    setup.vendor.ory.put_identity(ann);
    setup.vendor.ory.put_identity(ben);
    let mut inbound = setup.start().await;
    assert_eq!(inbound.call(event(form("subscribe"))).await.row(), (200, "delivered"));
    assert_eq!((inbound.consent(ANN), inbound.consent(BEN)), (json!(true), Value::Null));
}

#[tokio::test]
async fn two_identities_with_the_same_verified_address_block_consent() {
    let two = FakeReply::json(200, &json!([ann(), person(BEN, "ann@example.com")]));
    let mut inbound = known().await.start().await;
    inbound.vendor.ory.reply_next(two.clone());
    assert_eq!(inbound.call(event(form("subscribe"))).await.status, 503);
    let calls: Vec<AdminCall> = inbound.vendor.ory.take_received();
    assert_eq!((calls.len(), inbound.received().len()), (1, 0));
    let line = inbound.end().await.only_line();
    assert_eq!((&line["outcome"], &line["Blocked"]), (&json!("blocked"), &json!(1.0)));
    assert!(line["cause"].as_str().unwrap().contains("more than one identity"), "{line:#}");

    let mut inbound = known_and_queued().await.start().await;
    inbound.vendor.ory.reply_next(two);
    assert_eq!(inbound.call(event(form("subscribe"))).await.row(), (200, "accepted"));
    assert_eq!(inbound.work_after(1).await, Some(900));
    assert!(inbound.is_at_rest());
    inbound.sqs.make_visible(QUEUE);
    assert!(inbound.work().await.is_empty(), "once it is mended");
    assert_eq!(inbound.vendor.take_lines().len(), 2);
}
