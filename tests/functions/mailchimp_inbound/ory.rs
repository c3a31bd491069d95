//! The calls to Ory, and the resulting calls to Segment.

use fakes::ory::person;
use serde_json::{Value, json};

use super::{
    forms::{at, form, with},
    people::{ANN, ann, known, with_consent},
    setup::{ORY_SECRET, ORY_TOKEN, SENDS_TO_SEGMENT, event, is_skipped, setup},
};
use crate::common::{event_log::metrics, setup::Vendor};

#[tokio::test]
async fn unsubscribe_removes_consent_in_ory_then_in_segment() {
    let setup = known().await;
    setup.vendor.ory.put_identity(with_consent(ann(), true));
    let mut inbound = setup.start().await;
    let answer = inbound.call(event(form("unsubscribe"))).await;
    assert_eq!(answer.row(), (200, "delivered"));
    let vendor = json!({"ory": {"operations": 1}, "segment": {"success": true}});
    assert_eq!(answer.body["vendor"], vendor);
    let [patch] = inbound.vendor.ory.take_patches().try_into().unwrap();
    let operation = json!({"op": "add", "path": "/traits/consent/newsletter", "value": false});
    assert_eq!((&patch.body, patch.token.as_deref()), (&json!([operation]), Some(ORY_TOKEN)));
    assert_eq!(inbound.identity(ANN), with_consent(ann(), false), "and nothing else has changed");
    let sent = inbound.received_once();
    assert_eq!((sent.path.as_str(), &sent.body["userId"]), ("identify", &json!(ANN)));
    assert_eq!(sent.body["traits"], json!({"newsletterConsent": false}));
    assert_eq!(sent.body["integrations"], json!({"MailChimp": false}));
    assert_eq!(sent.body["timestamp"], "2026-01-31T11:19:37Z");
    let line = inbound.end().await.only_line();
    assert_eq!((&line["outcome"], &line["identity_id"]), (&json!("delivered"), &json!(ANN)));
    assert_eq!((&line["event_id"], &line["vendor_status"]), (&answer.body["id"], &json!(200)));
    assert_eq!(metrics(&line), ["Received", "Delivered", "VendorLatency"].into());
}

#[tokio::test]
async fn repeated_event_is_a_duplicate_and_makes_no_call() {
    let mut inbound = known().await.start().await;
    let unsubscribe = event(form("unsubscribe"));
    assert_eq!(inbound.call(unsubscribe.clone()).await.row(), (200, "delivered"));
    assert_eq!(inbound.vendor.take_lines().len(), 2);
    assert_eq!(inbound.call(unsubscribe).await.row(), (200, "duplicate"));
    assert_eq!(
        inbound.asked(),
        ["Ory: find ann@example.com".to_owned(), format!("Ory: get {ANN}")]
    );
    assert!(inbound.received().is_empty());
    let line = &inbound.end().await.event_log()[1];
    assert_eq!((&line["outcome"], &line["identity_id"]), (&json!("duplicate"), &json!(ANN)));
    assert_eq!(metrics(line), ["Received", "Duplicate"].into());
}

#[tokio::test]
async fn unchanged_consent_is_not_patched_but_sent_to_segment() {
    let mut inbound = known().await.start().await;
    for (n, (kind, given)) in (0..).zip([("subscribe", true), ("unsubscribe", false)]) {
        inbound.vendor.ory.put_identity(with_consent(ann(), given));
        let answer = inbound.call(event(at(&form(kind), n))).await;
        assert_eq!(answer.body["vendor"], json!({"segment": {"success": true}}), "{kind}");
        assert_eq!(inbound.vendor.take_lines(), [format!("Segment: identify {ANN}")], "{kind}");
    }
}

/// A form, the one operation at Ory, and the traits at Segment.
type Row = (String, Value, Value);

fn every_type() -> [Row; 9] {
    let consent = |given: bool| {
        (
            json!({"op": "add", "path": "/traits/consent/newsletter", "value": given}),
            json!({"newsletterConsent": given}),
        )
    };
    let row = |form: String, (operation, traits)| (form, operation, traits);
    let undeliverable = json!({
        "op": "add", "path": "/metadata_public/mailchimp/undeliverable", "value": "ann@example.com",
    });
    let unsubscribe = form("unsubscribe");
    let abuse = with(&form("cleaned"), "data[reason]", "abuse");
    let soft = with(&form("cleaned"), "data[reason]", "soft");
    let named = with(&form("profile"), "data[merges][LNAME]", "Lee");
    [
        row(form("subscribe"), consent(true)),
        row(with(&unsubscribe, "data[action]", "unsub"), consent(false)),
        row(with(&unsubscribe, "data[action]", "delete"), consent(false)),
        row(with(&unsubscribe, "data[reason]", "abuse"), consent(false)),
        row(abuse, consent(false)),
        (form("cleaned"), undeliverable, Value::Null),
        (soft, Value::Null, Value::Null),
        (named, Value::Null, json!({"firstName": "Ann", "lastName": "Lee"})),
        (form("upemail"), Value::Null, json!({"email": "ann.new@example.com"})),
    ]
}

#[tokio::test]
async fn every_event_type_does_what_the_readme_says() {
    let mut inbound = known().await.start().await;
    for (n, (form, operation, traits)) in (0..).zip(every_type()) {
        // The opposite of what is to come.
        let before = with_consent(ann(), operation["value"] == false);
        inbound.vendor.ory.put_identity(before.clone());
        let answer = inbound.call(event(at(&form, n))).await;
        let patches = inbound.vendor.ory.take_patches();
        let calls = inbound.received();
        let mut expected = before;
        if operation.is_null() {
            assert!(patches.is_empty(), "{form}");
        } else {
            assert_eq!(patches.len(), 1, "{form}");
            assert_eq!(patches[0].body, json!([operation]), "{form}");
            let path = operation["path"].as_str().unwrap();
            expected["metadata_public"] = inbound.identity(ANN)["metadata_public"].clone();
            expected["traits"]["consent"] = inbound.identity(ANN)["traits"]["consent"].clone();
            assert_eq!(inbound.identity(ANN).pointer(path), Some(&operation["value"]), "{form}");
        }
        assert_eq!(inbound.identity(ANN), expected, "{form}");
        assert_eq!(calls.len(), usize::from(!traits.is_null()), "{form}");
        for call in calls {
            assert_eq!((&call.body["userId"], &call.body["traits"]), (&json!(ANN), &traits));
        }
        let is_nothing = operation.is_null() && traits.is_null();
        let row = if is_nothing { (200, "skipped") } else { (200, "delivered") };
        assert_eq!(answer.row(), row, "{form}");
    }
}

#[tokio::test]
async fn null_metadata_is_created_and_other_metadata_is_kept() {
    let mut inbound = known().await.start().await;
    let undeliverable = json!({"undeliverable": "ann@example.com"});
    assert_eq!(inbound.identity(ANN)["metadata_public"], Value::Null);
    let answer = inbound.call(event(form("cleaned"))).await;
    assert_eq!(answer.body["vendor"], json!({"ory": {"operations": 1}}));
    let made = inbound.identity(ANN)["metadata_public"].clone();
    assert_eq!(made, json!({"mailchimp": undeliverable}));
    let mut ann = ann();
    ann["metadata_public"] = json!({"plan": "free", "mailchimp": {"more": 1}});
    inbound.vendor.ory.put_identity(ann);
    assert_eq!(inbound.call(event(at(&form("cleaned"), 1))).await.row(), (200, "delivered"));
    let kept = json!({"plan": "free", "mailchimp": {
        "more": 1, "undeliverable": "ann@example.com",
    }});
    assert_eq!(inbound.identity(ANN)["metadata_public"], kept);
}

#[tokio::test]
async fn upemail_matches_old_then_new_address_and_changes_no_login() {
    let mut inbound = known().await.start().await;
    let sent = format!("Segment: identify {ANN}");
    let by_old = ["Ory: find ann@example.com".to_owned(), format!("Ory: get {ANN}")];
    assert_eq!(inbound.call(event(form("upemail"))).await.row(), (200, "delivered"));
    assert_eq!(inbound.asked(), by_old);
    assert_eq!(inbound.received_once().to_string(), sent);
    assert_eq!(inbound.identity(ANN), ann());

    let renamed = person(ANN, "ann.new@example.com");
    inbound.vendor.ory.put_identity(renamed.clone());
    assert_eq!(inbound.call(event(at(&form("upemail"), 1))).await.row(), (200, "delivered"));
    let [old, get] = by_old;
    assert_eq!(inbound.asked(), [old, "Ory: find ann.new@example.com".to_owned(), get]);
    assert_eq!(inbound.received_once().to_string(), sent);
    assert_eq!(inbound.identity(ANN), renamed);
}

#[tokio::test]
async fn campaign_event_makes_no_ory_call() {
    let mut inbound = known().await.start().await;
    for _ in 0..2 {
        assert!(is_skipped(&inbound.call(event(form("campaign"))).await, "cancelled"));
    }
    assert!(inbound.asked().is_empty() && inbound.received().is_empty());
    let line = &inbound.end().await.event_log()[0];
    assert_eq!(metrics(line), ["Received", "Skipped"].into());
    assert_eq!(line.get("identity_id"), None);
}

#[tokio::test]
async fn identity_is_matched_by_address_in_any_case() {
    let mut inbound = known().await.start().await;
    let shouted = with(&form("unsubscribe"), "data[email]", "ANN%40Example.COM");
    assert_eq!(inbound.call(event(shouted)).await.row(), (200, "delivered"));
    assert_eq!(inbound.consent(ANN), false);
}

#[tokio::test]
async fn template_sees_the_identity_without_credentials() {
    let code = "function(ctx) { segment: {
        userId: 'ann', traits: { seen: std.manifestJsonMinified(ctx.identity) },
    } }";
    let mut inbound = known().await.template(code).start().await;
    assert_eq!(inbound.call(event(form("subscribe"))).await.row(), (200, "delivered"));
    let body = inbound.received_once().body;
    let seen: Value = serde_json::from_str(body["traits"]["seen"].as_str().unwrap()).unwrap();
    let mut expected = ann();
    expected.as_object_mut().unwrap().remove("credentials");
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn no_ory_token_sends_no_authorization_header() {
    let mut inbound = known().await.with(|it| it.without("ORY_SECRET_ID")).start().await;
    inbound.vendor.ory.set_token(None);
    assert_eq!(inbound.call(event(form("unsubscribe"))).await.row(), (200, "delivered"));
    let calls = inbound.vendor.ory.take_received();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call.token.is_none()), "{calls:#?}");
}

#[tokio::test]
async fn rotated_ory_token_is_refreshed_once() {
    let mut inbound = known().await.start().await;
    inbound.vendor.ory.set_token(Some("the-next-ory-token"));
    let before = inbound.secrets.fetches();
    inbound.secrets.put(ORY_SECRET, "the-next-ory-token");
    assert_eq!(inbound.call(event(form("unsubscribe"))).await.row(), (200, "delivered"));
    let tokens = inbound.vendor.ory.take_received().into_iter().map(|call| call.token.unwrap());
    let next = "the-next-ory-token";
    assert_eq!(tokens.collect::<Vec<_>>(), [ORY_TOKEN, next, next, next]);
    assert_eq!(inbound.secrets.fetches(), before + 1);
}

#[tokio::test]
async fn wrong_type_of_ory_token_blocks_and_is_logged_by_kind() {
    let table = [
        ("0123456789abcdef0123456789abcdef-us6", "a Mailchimp Marketing key"),
        ("md-0123456789abcdef012345", "a Mandrill key"),
        ("replace-me", "placeholder"),
        (r#"{"api_key":"0123456789"}"#, "access_token"),
    ];
    for (secret, cause) in table {
        let setup = known().await;
        setup.secrets.put(ORY_SECRET, secret);
        let mut inbound = setup.start().await;
        assert_eq!(inbound.call(event(form("unsubscribe"))).await.status, 503, "{secret}");
        assert!(inbound.asked().is_empty() && inbound.received().is_empty(), "{secret}");
        let log = inbound.end().await;
        let line = log.only_line();
        assert_eq!((&line["outcome"], &line["Blocked"]), (&json!("blocked"), &json!(1.0)));
        assert!(line["cause"].as_str().unwrap().contains(cause), "{line:#}");
        assert!(!log.contains("0123456789"), "{secret} is logged");
    }
}

#[tokio::test]
async fn without_ory_the_event_is_sent_to_segment_if_the_template_has_a_user_id() {
    let mut shipped = setup().await.start().await;
    assert!(is_skipped(&shipped.call(event(form("unsubscribe"))).await, "nothing to do"));
    let line = shipped.end().await.only_line();
    assert_eq!(metrics(&line), ["Received", "Skipped"].into());

    let mut own = setup().await.template(SENDS_TO_SEGMENT).start().await;
    assert_eq!(own.call(event(form("unsubscribe"))).await.row(), (200, "delivered"));
    own.received_once();
    let line = own.end().await.only_line();
    assert_eq!(metrics(&line), ["Received", "Delivered", "VendorLatency"].into());
}

#[tokio::test]
async fn without_segment_only_ory_is_called() {
    let mut inbound = known().await.with(|it| it.without("SEGMENT_SECRET_ID")).start().await;
    let answer = inbound.call(event(form("unsubscribe"))).await;
    assert_eq!(answer.body["vendor"], json!({"ory": {"operations": 1}}));
    assert_eq!(inbound.consent(ANN), false);
}
