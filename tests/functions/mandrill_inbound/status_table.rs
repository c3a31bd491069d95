//! The status table, row by row, with the order of its checks.

use integration::Event;
use serde_json::{Value, json};

use super::{
    events::event,
    setup::{HEADER, KEY, URL, form, setup, signature, signed, signed_by, signed_bytes, unsigned},
};
use crate::{
    common::setup::{QUEUE, WEBHOOK_SECRET},
    mailchimp_inbound::setup::error,
};

/// The largest body, in bytes.
const MOST: usize = 6 * 1024 * 1024;

fn bounce() -> Value {
    json!([event("hard_bounce", 0)])
}

/// A signed form of this size: white space in JSON is none in its meaning.
fn form_of_size(bytes: usize) -> Event {
    let list = bounce().to_string();
    let name = "mandrill_events=";
    let rest = bytes - form(&bounce()).len();
    let (blanks, plusses) = (" ".repeat(rest), "+".repeat(rest));
    let header = signature(KEY, URL, "mandrill_events", list + &blanks);
    let body = form(&bounce()) + &plusses;
    assert!(body.starts_with(name) && body.len() == bytes);
    unsigned(body).header(HEADER, header)
}

/// Mandrill makes a webhook only where one of these is answered 200; its key is known after that.
#[tokio::test]
async fn checks_of_a_new_webhook_are_answered_without_a_key_and_a_url() {
    let checks = [
        unsigned("").method("HEAD"),
        unsigned(form(&bounce())).method("HEAD"),
        unsigned(form(&json!([]))),
        signed_by("test-webhook", URL, &json!([])),
        signed(&json!([])),
    ];
    for url in ["https://replace-me.invalid/", URL] {
        for secret in ["missing", WEBHOOK_SECRET] {
            let setup = setup().await.var("MANDRILL_WEBHOOK_URL", url);
            let mut inbound = setup.var("MANDRILL_WEBHOOK_SECRET_ID", secret).start().await;
            inbound.secrets.set_down(true);
            for check in &checks {
                let answer = inbound.call(check.clone()).await;
                assert_eq!((answer.status, answer.body), (200, Value::Null), "{url}, {secret}");
                assert!(answer.headers.is_empty());
            }
            assert!(inbound.stored().is_empty());
            for line in inbound.end().await.event_log() {
                assert_eq!((&line["outcome"], line.get("_aws")), (&json!("validated"), None));
            }
        }
    }
}

#[tokio::test]
async fn other_methods_are_rejected() {
    let mut inbound = setup().await.start().await;
    for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let answer = inbound.call(signed(&bounce()).method(method)).await;
        assert_eq!((answer.status, answer.body), (405, error("method_not_allowed")), "{method}");
        assert_eq!(answer.headers["allow"], "HEAD, POST", "{method}");
    }
    assert!(inbound.stored().is_empty());
}

#[tokio::test]
async fn events_are_refused_while_no_key_or_url_is_known() {
    let unfit = [
        None,
        Some("replace-me".to_owned()),
        Some(json!({"webhook_key": "replace-me"}).to_string()),
        Some(json!({"webhook_key": ""}).to_string()),
        Some(json!({"webhook_key": "only-fifteen-ch"}).to_string()),
        Some(json!({"key": KEY}).to_string()),
    ];
    for secret in unfit {
        let setup = setup().await.var("MANDRILL_WEBHOOK_SECRET_ID", "unfit");
        if let Some(secret) = &secret {
            setup.secrets.put("unfit", secret);
        }
        let mut inbound = setup.start().await;
        let presented = ["replace-me", "", "only-fifteen-ch", "test-webhook", KEY];
        let all = presented.map(|key| signed_by(key, URL, &bounce()));
        for event in all.into_iter().chain([unsigned(form(&bounce()))]) {
            let answer = inbound.call(event).await;
            let expected = (503, error("caller_secret_unknown"));
            assert_eq!((answer.status, answer.body), expected, "{secret:?}");
        }
        assert!(inbound.stored().is_empty());
        let log = inbound.end().await;
        assert!(!log.contains("only-fifteen-ch") && !log.contains(KEY));
    }
    for url in ["https://replace-me.invalid/", "https://replace-me.invalid/?a=b"] {
        let mut inbound = setup().await.var("MANDRILL_WEBHOOK_URL", url).start().await;
        for event in [signed(&bounce()), signed_by(KEY, url, &bounce())] {
            let answer = inbound.call(event).await;
            assert_eq!(
                (answer.status, answer.body),
                (503, error("caller_secret_unknown")),
                "{url}"
            );
        }
        assert!(inbound.stored().is_empty());
    }
}

#[tokio::test]
async fn body_over_6_mb_is_too_large() {
    let mut inbound = setup().await.start().await;
    let answer = inbound.call(form_of_size(MOST + 1)).await;
    assert_eq!((answer.status, answer.body), (413, error("too_large")));
    assert!(inbound.stored().is_empty());
    assert_eq!(inbound.call(form_of_size(MOST)).await.row(), (200, "accepted"));
    inbound.stored_once();
}

#[tokio::test]
async fn signed_body_that_is_no_list_is_malformed() {
    let mut inbound = setup().await.start().await;
    for list in ["", "{}", "null", "[", "[{]", "x", &"[".repeat(100_000)] {
        let answer = inbound.call(signed_bytes(list.as_bytes())).await;
        assert_eq!((answer.status, answer.body), (400, error("malformed")), "{list:.20}");
    }
    let other = signature(KEY, URL, "events", "[]");
    let answer = inbound.call(unsigned("events=[]").header(HEADER, other)).await;
    assert_eq!((answer.status, answer.body), (400, error("malformed")));
    let many = "a=1&".repeat(101);
    assert_eq!(inbound.call(unsigned(many)).await.status, 400);
    assert!(inbound.stored().is_empty());
    for line in inbound.end().await.event_log() {
        assert_eq!(line["outcome"], "malformed", "{line:#}");
    }
}

#[tokio::test]
async fn body_that_is_not_utf8_is_taken() {
    let complaint = json!([event("spam", 0)]).to_string();
    let subject = complaint.find("a-subject").unwrap();
    let mut list = complaint.into_bytes();
    list[subject] = 0xff;
    let mut inbound = setup().await.start().await;
    assert_eq!(inbound.call(signed_bytes(&list)).await.row(), (200, "accepted"));
    assert_eq!(inbound.stored_body()["event"]["event"], "spam");
}

#[tokio::test]
async fn form_is_accepted_as_text() {
    let mut inbound = setup().await.start().await;
    let header = signature(KEY, URL, "mandrill_events", bounce().to_string());
    let text = Event::post(form(&bounce())).header(HEADER, header);
    assert_eq!(inbound.call(text).await.row(), (200, "accepted"));
    inbound.stored_once();
}

#[tokio::test]
async fn cheapest_check_comes_first_and_unauthenticated_callers_learn_nothing() {
    let mut inbound = setup().await.start().await;
    let too_large = unsigned("x".repeat(MOST + 1));
    let table = [
        (too_large.clone().method("PUT"), 405),
        (too_large, 413),
        (unsigned(""), 401),
        (unsigned("mandrill_events="), 401),
        (unsigned("mandrill_events={"), 401),
        (unsigned(b"\xff=\xff"), 401),
        (unsigned(form(&bounce())), 401),
        (Event::post("no base64").declared_base64(), 400),
    ];
    for (event, status) in table {
        assert_eq!(inbound.call(event).await.status, status);
    }
    assert!(inbound.stored().is_empty());
}

#[tokio::test]
async fn answer_has_the_number_of_events_and_the_first_id() {
    let mut inbound = setup().await.start().await;
    let events = json!([event("open", 0), event("hard_bounce", 1), event("spam", 2)]);
    let answer = inbound.call(signed(&events)).await;
    let stored = inbound.sqs.messages(QUEUE);
    let first: Value = serde_json::from_str(&stored[0].body).unwrap();
    let expected = json!({"status": "accepted", "id": first["event_id"], "events": 2});
    assert_eq!((answer.status, answer.body, stored.len()), (200, expected, 2));
}
