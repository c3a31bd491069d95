//! Hostile input to the real functions, and the calls that the vendors receive.

use fakes::Tracked;
use integration::hostile;
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use super::{
    mail::{self, shortened},
    places,
    templates::is_a_fit_identify,
};
use crate::{
    common::{
        ory::{ann, event, event_of},
        setup::{Running, Vendor},
        status_rows::MOST,
    },
    mailchimp_inbound::{
        forms::{at, form, with},
        people::{self, ANN, known},
        setup::event as event_of_mailchimp,
    },
    mailchimp_subscribe,
    mandrill_welcome::setup::{Setup, Welcome},
    segment_identify,
};

const WHOLE_NAME: &str = "/identity/traits/name";
const FIRST_NAME: &str = "/identity/traits/name/first";
const ADDRESS: &str = "/identity/verifiable_addresses/0/value";

/// Somebody like Ann who typed this; `n` makes her another person each time.
fn somebody(n: usize, place: &str, typed: &Value) -> Value {
    let mut ctx = places::with(&ann(), place, typed);
    ctx["identity"]["id"] = json!(format!("{n:08}-1111-4111-8111-000000000001"));
    ctx
}

#[tokio::test]
async fn every_hostile_name_gets_a_mail_without_injected_content() {
    let mut welcome = Welcome::start().await;
    let mut people = 0..;
    for place in [WHOLE_NAME, FIRST_NAME] {
        for typed in hostile::values() {
            let ctx = somebody(people.next().unwrap(), place, &typed);
            let answer = welcome.call(event(&ctx)).await;
            assert_eq!(answer.row(), (200, "delivered"), "{}", shortened(&typed));
            mail::is_harmless(&welcome.received_once().body["message"], &typed);
        }
    }
    assert_eq!(welcome.sandbox.starts(), 1);
}

#[tokio::test]
async fn invalid_address_gets_no_mail_and_no_template_fault() {
    let mut welcome = Welcome::start().await;
    let mut skipped = 0;
    for (n, typed) in hostile::values().into_iter().enumerate() {
        let mut ctx = somebody(n, ADDRESS, &typed);
        ctx["identity"]["traits"]["email"] = Value::Null;
        let answer = welcome.call(event(&ctx)).await;
        if answer.status == 204 {
            assert!(welcome.received().is_empty());
            skipped += 1;
        } else {
            assert_eq!(answer.row(), (200, "delivered"), "{}", shortened(&typed));
            let message = welcome.received_once().body["message"].clone();
            assert_eq!(message["to"], json!([{"email": typed, "type": "to"}]));
            let address = typed.as_str().unwrap();
            let breaks = |letter: char| letter.is_ascii_control();
            assert!(address.len() <= 1016 && !address.contains(breaks), "{typed}");
        }
    }
    assert!(skipped > 40, "{skipped}");
}

/// What the function gives to a template protects the mail of one's own, too.
#[tokio::test]
async fn every_name_is_welcomed_by_a_custom_template_and_no_mail_carries_a_typed_message() {
    let mut welcome = Setup::new().await.template(mail::OWN_TEMPLATE).start().await;
    for (n, place) in [WHOLE_NAME, FIRST_NAME].into_iter().enumerate() {
        for (m, typed) in hostile::values().iter().enumerate() {
            let ctx = somebody(1000 * n + m, place, typed);
            let trigger_id = format!("{:08}-2222-4222-8222-000000000002", 1000 * n + m);
            let answer = welcome.call(event_of(&trigger_id, &ctx)).await;
            assert_eq!(answer.row(), (200, "delivered"), "{}", shortened(typed));
            mail::is_harmless(&welcome.received_once().body["message"], typed);
        }
    }
}

/// By way of the queue, so that the texts rest in SQS, and are read again.
#[tokio::test]
async fn every_hostile_name_survives_the_queue() {
    let mut welcome = Setup::new().await.with_queue().with_table().start().await;
    for (n, typed) in hostile::values().iter().enumerate() {
        welcome.store(event(&somebody(n, WHOLE_NAME, typed))).await;
        assert!(welcome.work().await.is_empty(), "{}", shortened(typed));
        mail::is_harmless(&welcome.received_once().body["message"], typed);
    }
}

#[tokio::test]
async fn every_hostile_sign_up_is_sent_to_segment() {
    let mut identify = segment_identify::setup::queued().await.start().await;
    let traits = ["/identity/traits", "/identity/traits/name/last", "/identity/traits/email"];
    for place in [WHOLE_NAME, FIRST_NAME].into_iter().chain(traits) {
        let values = hostile::values();
        for typed in &values {
            let answer = identify.call(event(&places::with(&ann(), place, typed))).await;
            assert_eq!(answer.row(), (202, "accepted"), "{}", shortened(typed));
        }
        assert!(identify.work_together(10).await.is_empty(), "{place}");
        let calls = identify.received();
        let sent: Vec<_> = calls.iter().flat_map(Tracked::events).collect();
        assert_eq!(sent.len(), values.len(), "{place}");
        sent.iter().zip(&values).for_each(|(sent, typed)| is_a_fit_identify(sent, typed));
    }
}

/// Nobody can make an event that waits for an operator, nor a mail of Mailchimp's with a message.
#[tokio::test]
async fn every_hostile_sign_up_is_a_contact_without_a_message_or_none() {
    let mut subscribe = mailchimp_subscribe::setup::Setup::queued().await.start().await;
    let (mut people, mut written) = (0.., 0);
    for place in [FIRST_NAME, "/identity/traits/name/last", ADDRESS] {
        for typed in hostile::values() {
            let n = people.next().unwrap();
            let mut ctx = somebody(n, place, &typed);
            ctx["identity"]["traits"]["consent"] = json!({"newsletter": true});
            ctx["identity"]["verifiable_addresses"][0]["verified"] = json!(true);
            let trigger_id = format!("{n:08}-2222-4222-8222-000000000002");
            let answer = subscribe.call(event_of(&trigger_id, &ctx)).await;
            assert_eq!(answer.row(), (202, "accepted"), "{}", shortened(&typed));
            assert!(subscribe.work().await.is_empty(), "{place}: {}", shortened(&typed));
            for call in subscribe.received() {
                let fields = call.body["merge_fields"].as_object().into_iter().flatten();
                for (name, value) in fields.filter(|(name, _)| *name != "ORY_ID") {
                    let text = value.as_str().unwrap();
                    let is_harmless = !text.contains(['/', ':', '@', '.', '|', '{']);
                    assert!(is_harmless && text.chars().count() <= 40, "{name}: {text}");
                    written += 1;
                }
            }
        }
    }
    assert!(written > 100, "{written}");
    assert_eq!(subscribe.sandbox.starts(), 1);
}

/// Numbers are doubles in Jsonnet, here as in Ory, so ids are texts in traits.
#[tokio::test]
async fn number_beyond_2_53_is_sent_as_the_nearest_double() {
    let mut identify = segment_identify::setup::start().await;
    let mut ctx = ann();
    ctx["transient_payload"] = json!({"custom_data": {
        "number": 9_007_199_254_740_993_u64, "text": "9007199254740993",
    }});
    assert_eq!(identify.call(event(&ctx)).await.row(), (200, "delivered"));
    let sent = identify.received_once().body["customData"].clone();
    let expected = json!({"number": 9_007_199_254_740_992_u64, "text": "9007199254740993"});
    assert_eq!(sent, expected);
}

/// Text that no Unicode has: half a surrogate pair. JSON can spell it, and Rust cannot hold it.
async fn a_lone_surrogate_is_malformed<V: Vendor>(mut running: Running<V>) {
    let good = ann().to_string();
    let bad = [
        good.replacen("ann", r"\ud800", 1),
        good.replacen("ann", r"\udc00\ud800", 1),
        good.replacen("ann", r"\ud83d x", 1),
        good.replacen("\"first\"", r#""\udfff""#, 1),
        good.replacen("ann", "1e999", 1).replacen("\"1e999", "1e999,\"x\":\"", 1),
    ];
    for body in &bad {
        assert_ne!(*body, good);
        let answer = running.call(event(&ann()).body(body.clone())).await;
        assert_eq!((answer.status, answer.message()), (400, ("#/", 8_100_400)), "{body}");
    }
    let paired = good.replacen("ann", r"\ud83d\ude00", 1);
    assert_eq!(running.call(event(&ann()).body(paired)).await.row(), (200, "delivered"));
    running.received_once();
    let event_log = running.end().await.event_log();
    let logged = event_log
        .iter()
        .filter(|line| line["cause"].as_str().is_some_and(|it| it.contains("JSON")));
    assert_eq!(logged.count(), bad.len(), "each is logged");
}

#[tokio::test]
async fn lone_surrogate_is_malformed_and_logged() {
    a_lone_surrogate_is_malformed(Welcome::start().await).await;
    a_lone_surrogate_is_malformed(segment_identify::setup::start().await).await;
    let subscribe = mailchimp_subscribe::setup::opting_in().await;
    a_lone_surrogate_is_malformed(subscribe.start().await).await;
}

/// A text as a form has it.
fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn form_fields_reach_segment_as_short_strings_and_change_no_login() {
    let mut inbound = known().await.start().await;
    let mut delivered = 0;
    for (n, text) in (0..).zip(hostile::texts()) {
        let form = with(&at(&form("profile"), n), "data[merges][FNAME]", &encoded(&text));
        let form = with(&form, "data[merges][LNAME][a][b]", &encoded(&text));
        let is_too_large = form.len() > MOST;
        let answer = inbound.call(event_of_mailchimp(form)).await;
        match answer.row() {
            (413, _) => assert!(is_too_large),
            (200, "delivered") => {
                let traits = inbound.received_once().body["traits"].clone();
                assert_eq!(traits, json!({"firstName": text}));
                assert!(text.chars().count() <= 1000);
                delivered += 1;
            }
            row => assert_eq!(row, (200, "skipped"), "{}", shortened(&json!(text))),
        }
        assert!(inbound.vendor.ory.take_patches().is_empty());
    }
    assert!(delivered > 100, "{delivered}");
    assert_eq!(inbound.identity(ANN), people::ann());
}

#[tokio::test]
async fn address_in_a_form_matches_no_other_identity() {
    let mut inbound = known().await.start().await;
    for (n, text) in (0..).zip(hostile::texts()) {
        let form = with(&at(&form("subscribe"), n), "data[email]", &encoded(&text));
        let form = with(&form, "data[merges][ORY_ID]", &encoded(&text));
        let answer = inbound.call(event_of_mailchimp(form)).await;
        let typed = shortened(&json!(text));
        assert!([200, 400, 413].contains(&answer.status), "{typed}: {answer:?}");
        assert!(inbound.received().is_empty());
    }
    assert_eq!(inbound.identity(ANN), people::ann());
    assert!(inbound.vendor.ory.take_patches().is_empty());
}
