//! Authentication by the secret in the query.

use base64::{Engine, engine::general_purpose::STANDARD};
use integration::Event;
use serde_json::json;

use super::{
    forms::form,
    setup::{SECRET, SENDS_TO_SEGMENT, error, event, setup, start, start_with, unauthenticated},
};
use crate::common::{secret_lookups, setup::WEBHOOK_SECRET};

const NEXT: &str = "the-next-mailchimp-secret";

#[tokio::test]
async fn unauthenticated_caller_is_rejected() {
    let mut inbound = start_with(SENDS_TO_SEGMENT).await;
    let form = form("subscribe");
    let basic = format!("Basic {}", STANDARD.encode(format!("mailchimp:{SECRET}")));
    let strangers = [
        unauthenticated(&form),
        unauthenticated(&form).query("secret"),
        unauthenticated(&form).query("secret="),
        unauthenticated(&form).query("secret=another-mailchimp-secret"),
        unauthenticated(&form).query(&format!("secret={SECRET}x")),
        unauthenticated(&form).query(&format!("Secret={SECRET}")),
        unauthenticated(&form).query(&format!("key={SECRET}")),
        unauthenticated(&form).query(SECRET),
        unauthenticated(&form).header("authorization", SECRET),
        unauthenticated(&form).header("authorization", basic),
        unauthenticated(&form).header("secret", SECRET),
        unauthenticated(&form).cookie(&format!("secret={SECRET}")),
        unauthenticated(format!("{form}&secret={SECRET}")),
    ];
    for unauthenticated in strangers {
        let answer = inbound.call(unauthenticated).await;
        assert_eq!((answer.status, answer.body), (401, error("unauthorized")));
    }
    assert!(inbound.received().is_empty());
    for line in inbound.end().await.event_log() {
        assert_eq!(
            (&line["outcome"], &line["Unauthorized"]),
            (&json!("unauthorized"), &json!(1.0))
        );
    }
}

#[tokio::test]
async fn json_secret_and_url_encoded_secret_are_accepted() {
    let setup = setup().await;
    setup.secrets.put(WEBHOOK_SECRET, &json!({"secret": "a+b/c=d&e f%g?h#ijk"}).to_string());
    let mut inbound = setup.start().await;
    let encoded = "list=1&secret=a%2Bb%2Fc%3Dd%26e+f%25g%3Fh%23ijk";
    let query = |query| unauthenticated(form("subscribe")).query(query);
    assert_eq!(inbound.call(query(encoded)).await.status, 200);
    assert_eq!(inbound.call(query("secret=a+b/c=d&e f%g?h#ijk")).await.status, 401);
}

#[tokio::test]
async fn old_and_new_secret_are_accepted_after_a_rotation() {
    let mut inbound = start().await;
    assert_eq!(inbound.call(event(form("subscribe"))).await.status, 200);
    inbound.secrets.put(WEBHOOK_SECRET, &json!({ "secret": NEXT }).to_string());
    for secret in [NEXT, SECRET, NEXT] {
        let event = unauthenticated(form("subscribe")).query(&format!("secret={secret}"));
        assert_eq!(inbound.call(event).await.status, 200, "{secret}");
    }
}

#[tokio::test]
async fn old_secret_is_accepted_while_the_new_one_is_unusable() {
    let setup = setup().await;
    setup.secrets.put(WEBHOOK_SECRET, "too-short");
    let mut inbound = setup.start().await;
    assert_eq!(inbound.call(event(form("subscribe"))).await.status, 200);
    let short = unauthenticated(form("subscribe")).query("secret=too-short");
    assert_eq!(inbound.call(short).await.status, 401);
}

#[tokio::test]
async fn unusable_secret_authenticates_no_caller() {
    let unfit = [
        None,
        Some("replace-me".to_owned()),
        Some("only-fifteen-ch".to_owned()),
        Some(json!({"secret": "replace-me"}).to_string()),
        Some(json!({"secret": "YOUR-MAILCHIMP-SECRET"}).to_string()),
        Some(json!({"secret": ""}).to_string()),
        Some(json!({"secret": "only-fifteen-ch"}).to_string()),
        Some(json!({"api_key": SECRET}).to_string()),
        Some(json!({"username": "mailchimp", "password": SECRET}).to_string()),
    ];
    for secret in unfit {
        let setup = setup().await.var("WEBHOOK_SECRET_ID", "unfit");
        if let Some(secret) = &secret {
            setup.secrets.put("unfit", secret);
        }
        let mut inbound = setup.start().await;
        for presented in ["replace-me", "only-fifteen-ch", "", SECRET] {
            let event = unauthenticated(form("subscribe")).query(&format!("secret={presented}"));
            let answer = inbound.call(event).await;
            let expected = (503, error("caller_secret_unknown"));
            assert_eq!((answer.status, answer.body), expected, "{secret:?}");
        }
        for line in inbound.end().await.event_log() {
            assert_eq!(line["Blocked"], json!(1.0), "{line:#}");
        }
    }
}

/// Which does not stop the start either.
#[tokio::test]
async fn failing_secrets_manager_is_called_once_per_pause() {
    let without =
        unauthenticated(form("subscribe")).query("secret=a-unauthenticated-s-secret-of-length");
    secret_lookups::do_not_depend_on_the_caller(
        setup,
        event(form("subscribe")),
        without,
        |answer| answer.body == error("caller_secret_unknown"),
    )
    .await;
}

#[tokio::test]
async fn every_query_is_accepted_or_rejected_as_expected() {
    let table = [
        (format!("a=1&secret={SECRET}&b=2"), 200),
        (format!("secret=no&secret={SECRET}"), 200),
        (format!("secret={}", SECRET.replace('-', "%2d")), 200),
        (format!("secret={SECRET},{SECRET}"), 401),
        (format!("secret={SECRET}%20"), 401),
        (format!("secret={SECRET}%00"), 401),
        (format!("secret={SECRET}%ff"), 401),
        (format!("secret={}", SECRET.to_uppercase()), 401),
        (format!("secret={}", SECRET.repeat(400)), 401),
        (format!("secret={}", "%C3%A9".repeat(1500)), 401),
        (format!("secret[]={SECRET}"), 401),
        (format!("?secret={SECRET}"), 401),
        ("%".repeat(9000), 401),
    ];
    let mut inbound = start().await;
    for (query, status) in table {
        let event = unauthenticated(form("subscribe")).query(&query);
        assert_eq!(inbound.call(event).await.status, status, "{query}");
    }
}

#[tokio::test]
async fn unauthenticated_callers_do_not_trigger_secret_lookups_per_call() {
    let mut inbound = start().await;
    let before = inbound.secrets.fetches();
    for n in 0..20 {
        let query = format!("secret=another-mailchimp-secret-{n}&secret=another");
        let event = unauthenticated(form("subscribe")).query(&query);
        assert_eq!(inbound.call(event).await.status, 401);
    }
    assert_eq!(inbound.secrets.fetches(), before + 1);
}

#[tokio::test]
async fn idempotency_ignores_base64_and_sees_any_changed_byte() {
    let mut inbound = start_with(SENDS_TO_SEGMENT).await;
    let good = form("subscribe");
    let plain = Event::post(&good).query(&format!("secret={SECRET}"));
    let id = inbound.call(event(&good)).await.body["id"].clone();
    assert_eq!(inbound.call(plain).await.body["id"], id);
    // The same to a template, but not what Mailchimp sends again.
    for other in [format!("{good}&"), good.replace("%5B", "["), good.replace("%40", "@")] {
        assert_ne!(inbound.call(event(other)).await.body["id"], id);
    }
}
