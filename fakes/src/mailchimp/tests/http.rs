//! The same over HTTP: keys, faults, and the limit of connections.

use std::time::Duration;

use ::http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use base64::{Engine, engine::general_purpose::STANDARD};
use shared::http::{Client, Error, Http, Response};

use super::*;
use crate::Fault;

async fn call(fake: &FakeMailchimp, call: (&str, &str), body: Value) -> Result<Response, Error> {
    let basic = format!("Basic {}", STANDARD.encode(format!("any:{KEY}")));
    send(fake, &basic, call, body, Duration::from_secs(5)).await
}

async fn send(
    fake: &FakeMailchimp,
    authorization: &str,
    (method, path): (&str, &str),
    body: Value,
    timeout: Duration,
) -> Result<Response, Error> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, HeaderValue::from_str(authorization).unwrap());
    let request = shared::http::Request {
        method: Method::from_bytes(method.as_bytes()).unwrap(),
        url: format!("{}/{path}", fake.url()).parse().unwrap(),
        headers,
        body: body.to_string().into(),
        timeout,
    };
    Client::new().unwrap().send(request).await
}

fn path() -> String {
    format!("lists/{LIST_ID}/members/{}", hash_of(ANN))
}

async fn put(fake: &FakeMailchimp) -> Result<Response, Error> {
    let body = json!({"email_address": ANN, "status_if_new": "pending"});
    call(fake, ("PUT", &path()), body).await
}

#[tokio::test]
async fn key_comes_by_basic_or_bearer() {
    let fake = FakeMailchimp::start(0, KEY).await.unwrap();
    let basic = |user: &str| format!("Basic {}", STANDARD.encode(format!("{user}:{KEY}")));
    let bearer = |key: &str| format!("Bearer {key}");
    let table = [
        (basic("any"), 200),
        (basic(""), 200),
        (bearer(KEY), 200),
        (bearer("another-us6"), 401),
        (format!("apikey {KEY}"), 401),
    ];
    for (authorization, status) in table {
        let wait = Duration::from_secs(5);
        let answer = send(&fake, &authorization, ("GET", "ping"), Value::Null, wait).await.unwrap();
        assert_eq!(answer.status, status, "{authorization}");
        let kind = if status == 200 { "application/json" } else { "application/problem+json" };
        let given = answer.headers["content-type"].to_str().unwrap();
        assert!(given.starts_with(kind), "{given}");
    }
    assert_eq!(fake.take_received().len(), 5);
}

#[tokio::test]
async fn person_follows_what_the_api_did() {
    let fake = FakeMailchimp::start(0, KEY).await.unwrap();
    fake.set_clock(|| NOW);
    fake.audience(|list| list.put_webhook("https://example.com/"));
    assert_eq!(put(&fake).await.unwrap().status, 200);
    assert!(fake.take_webhooks().is_empty());
    fake.click_confirmation(ANN).unwrap();
    fake.change_address(ANN, BOB).unwrap();
    fake.update_profile(BOB, json!({"FNAME": "Bob"}).as_object().unwrap().clone()).unwrap();
    fake.unsubscribe(BOB).unwrap();
    let events: Vec<_> = fake.take_webhooks().iter().map(|sent| sent.event).collect();
    assert_eq!(events, ["subscribe", "upemail", "profile", "profile", "unsubscribe"]);
    assert!(fake.audience(|list| list.chronicle().iter().all(|entry| entry.at == NOW)));
}

#[tokio::test]
async fn faults() {
    let fake = FakeMailchimp::start(0, KEY).await.unwrap();
    let table = [
        (Answer::too_many_requests(), 429, "application/problem+json", true),
        (Answer::at_the_edge(429), 429, "text/plain", false),
        (Answer::at_the_edge(403), 403, "text/plain", false),
        (Answer::html(500), 500, "text/html", false),
        (Answer::html(502), 502, "text/html", false),
    ];
    for (reply, status, kind, is_json) in table {
        fake.reply_next(reply.into());
        let answer = put(&fake).await.unwrap();
        assert_eq!(answer.status, status);
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with(kind), "{kind}");
        assert_eq!(serde_json::from_slice::<Value>(&answer.body).is_ok(), is_json);
        assert!(fake.audience(|list| list.members().is_empty()));
    }
    fake.inject_fault(Fault::Rejecting);
    assert_eq!(put(&fake).await.unwrap().status, 400);
    assert_eq!(call(&fake, ("GET", "ping"), Value::Null).await.unwrap().status, 200);
    fake.inject_fault(Fault::InvalidKey);
    assert_eq!(put(&fake).await.unwrap().status, 401);
    fake.inject_fault(Fault::ConnectionReset);
    assert!(put(&fake).await.is_err());
    assert!(fake.audience(|list| list.members().is_empty()));
    fake.inject_fault(Fault::ResponseLost);
    assert!(put(&fake).await.is_err());
    assert_eq!(fake.audience(|list| list.confirmation_mails(ANN)), 1);
    fake.inject_fault(Fault::None);
    assert_eq!(put(&fake).await.unwrap().status, 200);
}

#[tokio::test]
async fn connection_is_busy_after_its_client_gave_up() {
    let fake = FakeMailchimp::start(0, KEY).await.unwrap();
    let bearer = format!("Bearer {KEY}");
    fake.set_delay(Some(Duration::from_mins(2)));
    for _ in 0..10 {
        let gives_up = Duration::from_millis(20);
        let answer = send(&fake, &bearer, ("GET", "ping"), Value::Null, gives_up).await;
        assert!(answer.is_err());
    }
    fake.set_delay(None);
    assert_eq!(put(&fake).await.unwrap().status, 429);
    fake.set_clock(|| OffsetDateTime::now_utc() + Duration::from_mins(3));
    assert_eq!(put(&fake).await.unwrap().status, 200);
}
