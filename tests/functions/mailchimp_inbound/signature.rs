//! `X-Mailchimp-Signature`, where a signing secret is configured.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use integration::Event;
use serde_json::{Value, json};
use sha2::Sha256;
use time::OffsetDateTime;

use super::{
    forms::{at, form},
    setup::{SECRET, SENDS_TO_SEGMENT, Vendors, error, event, setup, unauthenticated},
};
use crate::common::{
    event_log::metrics,
    setup::{Running, Setup},
};

pub(crate) const HEADER: &str = "X-Mailchimp-Signature";
const SIGNING: &str = "signing";
const SIGNING_SECRET: &str = "the-signing-secret-of-mailchimp";
const NEXT: &str = "the-next-signing-secret";

async fn signed_only() -> Setup<Vendors> {
    let setup =
        setup().await.template(SENDS_TO_SEGMENT).var("MAILCHIMP_SIGNING_SECRET_ID", SIGNING);
    put(&setup, SIGNING_SECRET);
    setup
}

fn put(setup: &Setup<Vendors>, secret: &str) {
    setup.secrets.put(SIGNING, &json!({ "signing_secret": secret }).to_string());
}

/// So many seconds from now.
pub(crate) fn from_now(seconds: i64) -> i64 {
    OffsetDateTime::now_utc().unix_timestamp() + seconds
}

/// The tag of a body that was signed then.
fn tag(secret: &str, time: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{time}.{body}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

pub(crate) fn header(secret: &str, time: i64, body: &str) -> String {
    format!("t={time},v1={}", tag(secret, time, body))
}

/// The form, signed now.
fn signed_by(secret: &str, form: &str) -> Event {
    event(form).header(HEADER, header(secret, from_now(0), form))
}

fn signed(form: &str) -> Event {
    signed_by(SIGNING_SECRET, form)
}

async fn is_delivered(inbound: &mut Running<Vendors>, event: Event) {
    assert_eq!(inbound.call(event).await.row(), (200, "delivered"));
}

async fn is_turned_away(inbound: &mut Running<Vendors>, event: Event) {
    let answer = inbound.call(event).await;
    assert_eq!((answer.status, answer.body), (401, error("unauthorized")));
}

#[tokio::test]
async fn signed_body_is_accepted_as_base64_or_text() {
    let mut inbound = signed_only().await.start().await;
    is_delivered(&mut inbound, signed(&form("subscribe"))).await;
    let later = at(&form("subscribe"), 1);
    let text = Event::post(&later).query(&format!("secret={SECRET}"));
    is_delivered(&mut inbound, text.header(HEADER, header(SIGNING_SECRET, from_now(0), &later)))
        .await;
    assert_eq!(inbound.received().len(), 2);
}

#[tokio::test]
async fn missing_or_wrong_signature_is_rejected() {
    let form = form("subscribe");
    let now = from_now(0);
    let good = tag(SIGNING_SECRET, now, &form);
    let decoded = tag(SIGNING_SECRET, now, &form.replace("%40", "@"));
    let headers = [
        String::new(),
        good.clone(),
        format!("t={now}"),
        format!("v1={good}"),
        format!("t={now},v1="),
        format!("t={now},v1={}", "0".repeat(64)),
        format!("t={now},v1={decoded}"),
        format!("t={now},v2={good}"),
        format!("t={},v1={good}", now - 1),
        format!("t={now},t={now},v1={good}"),
        format!("T={now},V1={good}"),
        format!("t={now};v1={good}"),
        format!("t ={now},v1 ={good}"),
        format!("t=\"{now}\",v1={good}"),
        format!("t={now}.0,v1={good}"),
        format!("t={now},v1=0x{good}"),
        format!("t={now},v1={}", &good[..62]),
        format!("t={now},v1={good}00"),
        format!("t={now},v1={}", STANDARD.encode(&good)),
        format!("t={now},v1={good},t={now}"),
        // A repeated header, as function URLs join it.
        format!("t={now},v1={good},t={now},v1={good}"),
        "x".repeat(9000),
        format!("t={now},v1={good}é"),
        header("another-signing-secret", now, &form),
        header(SIGNING_SECRET, now, ""),
        header(SIGNING_SECRET, now, &at(&form, 1)),
    ];
    let mut inbound = signed_only().await.start().await;
    is_turned_away(&mut inbound, event(&form)).await;
    for header in &headers {
        is_turned_away(&mut inbound, event(&form).header(HEADER, header)).await;
    }
    is_turned_away(&mut inbound, event("").header(HEADER, &headers[1])).await;
    assert!(inbound.received().is_empty());
    let event_log = inbound.end().await.event_log();
    assert_eq!(event_log.len(), headers.len() + 2);
    for line in &event_log {
        assert_eq!(metrics(line), ["Unauthorized"].into(), "{line:#}");
    }
}

#[tokio::test]
async fn expired_signature_is_rejected_and_counted_separately() {
    let form = form("subscribe");
    let of = |seconds: i64| {
        event(&form).header(HEADER, header(SIGNING_SECRET, from_now(seconds), &form))
    };
    let mut inbound = signed_only().await.start().await;
    // Our clock goes on while the request is on its way.
    for seconds in [-301, 310, -100_000, 100_000] {
        is_turned_away(&mut inbound, of(seconds)).await;
    }
    assert!(inbound.received().is_empty());
    is_delivered(&mut inbound, of(-290)).await;
    assert_eq!(inbound.call(of(300)).await.row(), (200, "duplicate"));
    let wrong = header("another-signing-secret", from_now(-301), &form);
    is_turned_away(&mut inbound, event(&form).header(HEADER, wrong)).await;
    let event_log = inbound.end().await.event_log();
    for line in &event_log[..4] {
        assert_eq!(line["outcome"], "unauthorized");
        assert_eq!(metrics(line), ["StaleSignature"].into(), "{line:#}");
    }
    assert_eq!(
        metrics(&event_log[6]),
        ["Unauthorized"].into(),
        "a unauthenticated's is not only stale"
    );
}

#[tokio::test]
async fn url_secret_and_signature_are_both_required() {
    let form = form("subscribe");
    let header = header(SIGNING_SECRET, from_now(0), &form);
    let signed = unauthenticated(&form).header(HEADER, header);
    let mut inbound = signed_only().await.start().await;
    is_turned_away(&mut inbound, signed.clone()).await;
    is_turned_away(&mut inbound, signed.clone().query("secret=another-mailchimp-secret")).await;
    is_turned_away(&mut inbound, event(&form)).await;
    is_delivered(&mut inbound, signed.query(&format!("secret={SECRET}"))).await;
}

#[tokio::test]
async fn unsigned_body_gets_no_details_in_the_answer() {
    let mut inbound = signed_only().await.start().await;
    for body in ["", "type=subscribe", "type=pending", "nonsense"] {
        is_turned_away(&mut inbound, event(body)).await;
    }
    assert_eq!(inbound.call(signed("type=subscribe")).await.status, 400);
    assert_eq!(inbound.call(signed("type=pending")).await.row(), (200, "skipped"));
}

#[tokio::test]
async fn one_valid_signature_of_several_is_enough() {
    let form = form("subscribe");
    let now = from_now(0);
    let [old, new] = ["another-signing-secret", SIGNING_SECRET].map(|one| tag(one, now, &form));
    let mut inbound = signed_only().await.start().await;
    let several = format!("t={now},v1={old},v1={new}");
    is_delivered(&mut inbound, event(&form).header(HEADER, several)).await;
    let spaced = format!("v0=x, v1={new} , t={now}, v1={old}");
    let again = inbound.call(event(&form).header(HEADER, spaced)).await;
    assert_eq!(again.row(), (200, "duplicate"));
}

#[tokio::test]
async fn rotated_signing_secret_is_used_at_once_and_the_old_one_still_works() {
    let mut inbound = signed_only().await.start().await;
    is_delivered(&mut inbound, signed(&form("subscribe"))).await;
    // As plain text, too.
    inbound.secrets.put(SIGNING, NEXT);
    for (n, secret) in (0..).zip([NEXT, SIGNING_SECRET, NEXT]) {
        is_delivered(&mut inbound, signed_by(secret, &at(&form("subscribe"), n))).await;
    }
}

#[tokio::test]
async fn unusable_signing_secret_authenticates_no_caller() {
    let unfit = [
        None,
        Some("replace-me".to_owned()),
        Some("only-fifteen-ch".to_owned()),
        Some(json!({"signing_secret": "replace-me"}).to_string()),
        Some(json!({"signing_secret": "YOUR-SIGNING-SECRET"}).to_string()),
        Some(json!({"signing_secret": ""}).to_string()),
        Some(json!({"signing_secret": "only-fifteen-ch"}).to_string()),
        Some(json!({"secret": SIGNING_SECRET}).to_string()),
    ];
    for secret in unfit {
        let setup = signed_only().await.var("MAILCHIMP_SIGNING_SECRET_ID", "unfit");
        if let Some(secret) = &secret {
            setup.secrets.put("unfit", secret);
        }
        let mut inbound = setup.start().await;
        let form = form("subscribe");
        let presented = ["replace-me", "only-fifteen-ch", "", SIGNING_SECRET];
        for event in presented.map(|one| signed_by(one, &form)).into_iter().chain([event(&form)]) {
            let answer = inbound.call(event).await;
            let expected = (503, error("caller_secret_unknown"));
            assert_eq!((answer.status, answer.body), expected, "{secret:?}");
        }
        is_turned_away(&mut inbound, unauthenticated(&form)).await;
        assert!(inbound.received().is_empty());
        let log = inbound.end().await;
        for line in &log.event_log()[..5] {
            assert_eq!(metrics(line), ["Blocked"].into(), "{line:#}");
        }
        assert!(!log.contains("only-fifteen-ch") && !log.contains(SIGNING_SECRET));
    }
}

/// Whoever has the secret of the URL, and not the other one.
#[tokio::test]
async fn wrong_signatures_do_not_trigger_secret_lookups_per_call() {
    let mut inbound = signed_only().await.start().await;
    let before = inbound.secrets.fetches();
    for n in 0..20 {
        let secret = format!("another-signing-secret-{n}");
        is_turned_away(&mut inbound, signed_by(&secret, &form("subscribe"))).await;
    }
    assert_eq!(inbound.secrets.fetches(), before + 1);
}

#[tokio::test]
async fn denied_signing_secret_is_fetched_once_per_pause() {
    let setup = signed_only().await;
    setup.secrets.set_denied(SIGNING, true);
    let mut inbound = setup.start().await;
    let before = inbound.secrets.calls();
    for n in 0..10 {
        let secret = format!("another-signing-secret-{n}");
        let answer = inbound.call(signed_by(&secret, &form("subscribe"))).await;
        assert_eq!((answer.status, answer.body), (503, error("caller_secret_unknown")));
    }
    assert_eq!(inbound.secrets.calls(), before, "the start has asked");
    for line in inbound.end().await.event_log() {
        assert_eq!(metrics(&line), ["Blocked"].into(), "{line:#}");
    }
}

#[tokio::test]
async fn mailchimp_validation_request_needs_no_signature() {
    for secret in [SIGNING_SECRET, "replace-me"] {
        let setup = signed_only().await;
        put(&setup, secret);
        let mut inbound = setup.start().await;
        for method in ["GET", "HEAD"] {
            let answer = inbound.call(Event::post("").method(method)).await;
            assert_eq!((answer.status, answer.body), (200, Value::Null), "{method}");
        }
    }
}

#[tokio::test]
async fn signature_is_ignored_without_a_signing_secret() {
    for empty in [false, true] {
        let mut setup = setup().await.template(SENDS_TO_SEGMENT);
        if empty {
            setup = setup.var("MAILCHIMP_SIGNING_SECRET_ID", "");
        }
        let mut inbound = setup.start().await;
        is_delivered(&mut inbound, event(form("subscribe")).header(HEADER, "t=1,v1=0")).await;
    }
}
