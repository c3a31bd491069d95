//! `X-Mandrill-Signature`, and the key by which it is made.

use serde_json::{Value, json};

use super::{
    events::event,
    setup::{HEADER, KEY, URL, form, known, setup, signature, signed, signed_by, unsigned},
};
use crate::{
    common::{
        event_log::metrics,
        setup::{Running, WEBHOOK_SECRET},
    },
    mailchimp_inbound::setup::{Vendors, error},
};

const NEXT: &str = "the-next-webhook-key-of-mandrill";

fn bounce(second: i64) -> Value {
    json!([event("hard_bounce", second)])
}

async fn is_turned_away(inbound: &mut Running<Vendors>, event: integration::Event) {
    let answer = inbound.call(event).await;
    assert_eq!((answer.status, answer.body), (401, error("unauthorized")));
}

#[tokio::test]
async fn missing_or_wrong_signature_is_rejected() {
    let list = bounce(0).to_string();
    let good = signature(KEY, URL, "mandrill_events", &list);
    let of = |key, url, value: &str| signature(key, url, "mandrill_events", value);
    let headers = [
        String::new(),
        good.to_lowercase(),
        good.trim_end_matches('=').to_owned(),
        format!("sha1={good}"),
        format!("{good},{good}"),
        format!("{good}x"),
        "x".repeat(9000),
        "é".to_owned(),
        KEY.to_owned(),
        of("another-webhook-key", URL, &list),
        of("test-webhook", URL, &list),
        of("", URL, &list),
        of(KEY, "", &list),
        of(KEY, "https://abc.lambda-url.us-east-1.on.aws/", &list),
        of(KEY, "https://abc.lambda-url.us-east-1.on.aws/?list=a b", &list),
        of(KEY, "https://abcdefghij.lambda-url.us-east-1.on.aws/", &list),
        of(KEY, URL, &bounce(1).to_string()),
        of(KEY, URL, ""),
        of(KEY, URL, "[]"),
        signature(KEY, URL, "", form(&bounce(0))),
        signature(KEY, URL, "events", &list),
    ];
    let mut inbound = setup().await.start().await;
    is_turned_away(&mut inbound, unsigned(form(&bounce(0)))).await;
    for header in &headers {
        is_turned_away(&mut inbound, unsigned(form(&bounce(0))).header(HEADER, header)).await;
    }
    // The rest of the form is signed, too.
    for more in ["&a=b", "&mandrill_events=[]", "&mandrill_events=%5B%7B%7D%5D"] {
        let form = form(&bounce(0)) + more;
        is_turned_away(&mut inbound, unsigned(form).header(HEADER, &good)).await;
    }
    assert!(inbound.stored().is_empty());
    for line in &inbound.end().await.event_log() {
        assert_eq!(metrics(line), ["Unauthorized"].into(), "{line:#}");
    }
}

#[tokio::test]
async fn signature_over_another_url_is_rejected_whatever_the_request_says() {
    let elsewhere = "https://abcdefghij.lambda-url.us-east-1.on.aws/";
    let mut inbound = setup().await.start().await;
    let forged = signed_by(KEY, elsewhere, &bounce(0)).header("host", "abc.example.com");
    is_turned_away(&mut inbound, forged.header("x-forwarded-host", elsewhere)).await;
    // Nor do the query and the path of the request matter.
    let good = signed(&bounce(0)).query("list=other").path("/elsewhere");
    assert_eq!(inbound.call(good).await.row(), (200, "accepted"));
}

/// A reset takes effect at Mandrill at once, and what was signed before may still be on its way.
#[tokio::test]
async fn key_reset_loses_no_event() {
    let mut inbound = known().await.start().await;
    inbound.takes(&[event("hard_bounce", 0)]).await;
    // Mandrill signs with a key that nobody has told us yet, and tries again.
    let told_early = signed_by(NEXT, URL, &json!([event("delivered", 1)]));
    is_turned_away(&mut inbound, told_early.clone()).await;
    inbound.secrets.put(WEBHOOK_SECRET, &json!({ "webhook_key": NEXT }).to_string());
    // Unauthenticated callers have used up the look-up: at the next attempt, it is known.
    inbound.sandbox.crash().await;
    assert_eq!(inbound.call(told_early).await.row(), (200, "accepted"));
    let signed_before = signed(&json!([event("spam", 2)]));
    assert_eq!(inbound.call(signed_before).await.row(), (200, "accepted"));
    assert_eq!(inbound.stored().len(), 2);
}

#[tokio::test]
async fn new_key_is_fetched_after_a_mismatch() {
    let mut inbound = setup().await.start().await;
    assert_eq!(inbound.call(signed(&bounce(0))).await.row(), (200, "accepted"));
    let before = inbound.secrets.fetches();
    // As plain text, too.
    inbound.secrets.put(WEBHOOK_SECRET, NEXT);
    for (second, key) in (1..).zip([NEXT, KEY, NEXT]) {
        let event = signed_by(key, URL, &bounce(second));
        assert_eq!(inbound.call(event).await.row(), (200, "accepted"), "{key}");
    }
    assert_eq!(inbound.secrets.fetches(), before + 1);
}

#[tokio::test]
async fn key_of_two_resets_ago_is_rejected() {
    let mut inbound = setup().await.start().await;
    for _ in 0..2 {
        inbound.secrets.put(WEBHOOK_SECRET, NEXT);
    }
    assert_eq!(inbound.call(signed_by(NEXT, URL, &bounce(0))).await.row(), (200, "accepted"));
    is_turned_away(&mut inbound, signed(&bounce(1))).await;
}

#[tokio::test]
async fn wrong_signatures_do_not_trigger_secret_lookups_per_call() {
    let mut inbound = setup().await.start().await;
    let before = inbound.secrets.fetches();
    for n in 0..20 {
        let key = format!("another-webhook-key-{n}");
        is_turned_away(&mut inbound, signed_by(&key, URL, &bounce(0))).await;
    }
    assert_eq!(inbound.secrets.fetches(), before + 1);
}

#[tokio::test]
async fn denied_secret_lets_nobody_in_and_is_fetched_once_per_pause() {
    let setup = setup().await;
    setup.secrets.set_denied(WEBHOOK_SECRET, true);
    let mut inbound = setup.start().await;
    let before = inbound.secrets.calls();
    for _ in 0..10 {
        let answer = inbound.call(signed(&bounce(0))).await;
        assert_eq!((answer.status, answer.body), (503, error("caller_secret_unknown")));
    }
    assert!(inbound.secrets.calls() <= before + 1);
    assert!(inbound.stored().is_empty());
}
