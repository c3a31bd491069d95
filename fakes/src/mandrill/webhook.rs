//! The webhooks of an account.
//! <https://mailchimp.com/developer/transactional/api/webhooks/>

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{Method, Request, StatusCode, header};
use http_body_util::Full;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use sha1::Sha1;
use tokio::net::TcpStream;
use url::{Url, form_urlencoded::Serializer};

use super::{FakeMandrill, Mandrill, Received, error};
use crate::server::FakeReply;

/// What a webhook can report.
const EVENTS: [&str; 10] = [
    "send",
    "deferral",
    "hard_bounce",
    "soft_bounce",
    "delivered",
    "open",
    "click",
    "spam",
    "unsub",
    "reject",
];

/// Signs the call by which a URL is tried: it has no key of its own yet.
const TEST_KEY: &str = "test-webhook";

/// The most events in one call.
const MOST: usize = 1000;

/// A webhook.
pub(super) struct Webhook {
    id: usize,
    url: String,
    description: String,
    events: Vec<String>,
    key: String,
    /// What has happened since the last call.
    waiting: Vec<Value>,
    batches_sent: usize,
    events_sent: usize,
}

/// One request that Mandrill sends to a webhook: `application/x-www-form-urlencoded`.
#[derive(Clone, Debug)]
pub struct SentEvents {
    /// Where it goes, exactly as it was entered.
    pub url: String,
    /// The form.
    pub body: String,
    /// The header `X-Mandrill-Signature`.
    pub signature: String,
}

impl SentEvents {
    /// Events as JSON, signed with `key`.
    pub fn signed(url: &str, key: &str, events: &str) -> Self {
        let body = Serializer::new(String::new()).append_pair(FIELD, events).finish();
        Self { url: url.to_owned(), body, signature: signature(url, key, events) }
    }
}

/// The only field of the form.
const FIELD: &str = "mandrill_events";

/// Of the URL, and of the name and the value of the field.
fn signature(url: &str, key: &str, events: &str) -> String {
    // HMAC takes a key of any length.
    let Ok(mac) = Hmac::<Sha1>::new_from_slice(key.as_bytes()) else { return String::new() };
    let mac = mac.chain_update(url).chain_update(FIELD).chain_update(events);
    STANDARD.encode(mac.finalize().into_bytes())
}

impl Webhook {
    fn shown(&self) -> Value {
        let events = &self.events;
        json!({
            "id": self.id, "url": self.url, "description": self.description,
            "auth_key": self.key, "events": events, "created_at": "2026-01-01 00:00:00",
            "last_sent_at": null, "batches_sent": self.batches_sent,
            "events_sent": self.events_sent, "last_error": null,
        })
    }

    fn take(&mut self) -> Vec<SentEvents> {
        let waiting = std::mem::take(&mut self.waiting);
        self.events_sent += waiting.len();
        let calls = waiting.chunks(MOST).map(|events| {
            SentEvents::signed(&self.url, &self.key, &Value::from(events).to_string())
        });
        let calls: Vec<_> = calls.collect();
        self.batches_sent += calls.len();
        calls
    }
}

impl FakeMandrill {
    /// Adds a webhook with this key for all events, without trying its URL.
    pub fn put_webhook(&self, url: &str, key: &str) {
        self.with(|mandrill| {
            let events = EVENTS.map(str::to_owned).to_vec();
            let webhook = mandrill.new_webhook(url, "", events);
            mandrill.webhooks.push(Webhook { key: key.to_owned(), ..webhook });
        });
    }

    /// Somebody resets the keys of the webhooks with this URL in Mandrill, which has no call for that.
    /// What is sent from now on is signed with the new key, which this gives.
    pub fn reset_webhook_key(&self, url: &str) -> String {
        self.with(|mandrill| {
            let key = mandrill.new_webhook_key();
            let of_url = mandrill.webhooks.iter_mut().filter(|webhook| webhook.url == url);
            of_url.for_each(|webhook| webhook.key.clone_from(&key));
            key
        })
    }

    /// What Mandrill has sent to webhooks since the last time this was called. The owner of the fake
    /// delivers it.
    pub fn take_webhooks(&self) -> Vec<SentEvents> {
        self.with(|mandrill| mandrill.webhooks.iter_mut().flat_map(Webhook::take).collect())
    }
}

impl Mandrill {
    /// Reports an event to the webhooks that want it.
    pub(super) fn report(&mut self, kind: &str, event: &Value) {
        for webhook in &mut self.webhooks {
            if webhook.events.iter().any(|wanted| wanted == kind) {
                webhook.waiting.push(event.clone());
            }
        }
    }

    pub(super) fn list_webhooks(&self) -> Value {
        self.webhooks.iter().map(Webhook::shown).collect()
    }

    pub(super) fn show_webhook(&self, call: &Received) -> FakeReply {
        let found = self.webhooks.iter().find(|webhook| call.body["id"] == webhook.id);
        found.map_or_else(unknown, |webhook| FakeReply::json(200, &webhook.shown()))
    }

    pub(super) fn add_webhook(&mut self, call: &Received) -> FakeReply {
        let (url, events) = match read(call) {
            Ok(read) => read,
            Err(message) => return invalid(message),
        };
        let description = call.body["description"].as_str().unwrap_or_default();
        let webhook = self.new_webhook(url, description, events);
        let shown = webhook.shown();
        self.webhooks.push(webhook);
        FakeReply::json(200, &shown)
    }

    pub(super) fn change_webhook(&mut self, call: &Received) -> FakeReply {
        let (url, events) = match read(call) {
            Ok(read) => read,
            Err(message) => return invalid(message),
        };
        let mut all = self.webhooks.iter_mut();
        let Some(webhook) = all.find(|webhook| call.body["id"] == webhook.id) else {
            return unknown();
        };
        url.clone_into(&mut webhook.url);
        webhook.events = events;
        if let Some(description) = call.body["description"].as_str() {
            description.clone_into(&mut webhook.description);
        }
        FakeReply::json(200, &webhook.shown())
    }

    pub(super) fn delete_webhook(&mut self, call: &Received) -> FakeReply {
        let place = self.webhooks.iter().position(|webhook| call.body["id"] == webhook.id);
        let removed = place.map(|place| self.webhooks.remove(place));
        removed.map_or_else(unknown, |webhook| FakeReply::json(200, &webhook.shown()))
    }

    fn new_webhook(&mut self, url: &str, description: &str, events: Vec<String>) -> Webhook {
        let last = self.webhooks.iter().map(|webhook| webhook.id).max().unwrap_or_default();
        Webhook {
            id: last + 1,
            url: url.to_owned(),
            description: description.to_owned(),
            events,
            key: self.new_webhook_key(),
            waiting: Vec::new(),
            batches_sent: 0,
            events_sent: 0,
        }
    }

    /// As long as Mandrill's.
    fn new_webhook_key(&mut self) -> String {
        self.webhook_keys += 1;
        format!("webhook-key-{:010}", self.webhook_keys)
    }
}

/// The URL and the events, which have to be named: what is meant otherwise is not documented.
fn read(call: &Received) -> Result<(&str, Vec<String>), &'static str> {
    let url = call.body["url"].as_str().ok_or("url: required")?;
    if !call.is_reached {
        return Err("url: the URL did not answer with 200");
    }
    let events = call.body["events"].as_array().ok_or("events: required")?;
    let known = |event: &Value| {
        let event = event.as_str().filter(|event| EVENTS.contains(event));
        event.map(str::to_owned).ok_or("events: unknown")
    };
    let events: Vec<_> = events.iter().map(known).collect::<Result<_, _>>()?;
    if events.is_empty() { Err("events: required") } else { Ok((url, events)) }
}

fn invalid(message: &str) -> FakeReply {
    error(500, -2, "ValidationError", message)
}

fn unknown() -> FakeReply {
    error(500, 14, "Unknown_Webhook", "Unknown webhook")
}

/// Whether a URL answers 200 to a HEAD, or to an empty list of events: so Mandrill tries it.
pub async fn is_reached(url: &str) -> bool {
    let test = SentEvents::signed(url, TEST_KEY, "[]");
    let answers = async |method, body: &str, signature: Option<&str>| {
        answer(url, method, body, signature).await == Some(StatusCode::OK)
    };
    answers(Method::HEAD, "", None).await
        || answers(Method::POST, &test.body, Some(&test.signature)).await
}

/// What a URL on this machine answers. No other is called.
async fn answer(
    url: &str,
    method: Method,
    body: &str,
    signature: Option<&str>,
) -> Option<StatusCode> {
    let url = Url::parse(url).ok().filter(|url| url.scheme() == "http")?;
    let host = url.host_str().filter(|host| ["127.0.0.1", "localhost"].contains(host))?;
    let authority = format!("{host}:{}", url.port_or_known_default()?);
    let stream = TcpStream::connect(&authority).await.ok()?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
    tokio::spawn(connection);
    let path = url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, authority);
    if let Some(signature) = signature {
        let form = "application/x-www-form-urlencoded";
        request = request.header(header::CONTENT_TYPE, form);
        request = request.header("x-mandrill-signature", signature);
    }
    let request = request.body(Full::new(Bytes::from(body.to_owned()))).ok()?;
    Some(sender.send_request(request).await.ok()?.status())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::{mandrill::Fate, server::Server};

    const URL: &str = "https://abc.lambda-url.eu-central-1.on.aws/?secret=s3cret";

    /// Computed by others: see `mandrill-inbound`.
    #[test]
    fn events_are_signed_as_mandrill_does_it() {
        const BOUNCE: &str = r#"[{"event":"hard_bounce","_id":"7761629","ts":1461095246,"msg":{"email":"bounce@example.com","metadata":{"ory_key":"k"}}}]"#;
        let signed = |key, events| SentEvents::signed(URL, key, events).signature;
        assert_eq!(signed("k3y-of-the-webhook", BOUNCE), "4nbTAFcjF4byl58e0743ISqGw6U=");
        assert_eq!(signed(TEST_KEY, "[]"), "8BVHU5bckh/LLQDVVMVKHeVBGmQ=");
    }

    /// A server that answers each method with this status, and the calls that it got.
    async fn answering(to_head: u16, to_post: u16) -> (Server, Arc<Mutex<Vec<String>>>) {
        let calls = Arc::<Mutex<Vec<String>>>::default();
        let seen = calls.clone();
        let server = Server::start(0, move |request| {
            let signature = request.headers().get("x-mandrill-signature");
            let signature = signature.map(|it| it.to_str().unwrap().to_owned());
            let body = String::from_utf8_lossy(request.body()).into_owned();
            seen.lock().unwrap().push(format!("{} {body} {signature:?}", request.method()));
            let status = if request.method() == Method::HEAD { to_head } else { to_post };
            async move { FakeReply::text(status, "text/plain", "") }
        });
        (server.await.unwrap(), calls)
    }

    #[tokio::test]
    async fn url_is_tried_with_an_unsigned_head_and_else_with_a_signed_empty_list() {
        for (to_head, to_post, is_found, count) in
            [(200, 500, true, 1), (405, 200, true, 2), (401, 401, false, 2), (204, 201, false, 2)]
        {
            let (server, calls) = answering(to_head, to_post).await;
            let url = format!("{}/hook?a=b", server.url());
            assert_eq!(is_reached(&url).await, is_found, "{to_head} {to_post}");
            let calls = calls.lock().unwrap();
            assert_eq!((calls.len(), &*calls[0]), (count, "HEAD  None"));
            if let [_, post] = &calls[..] {
                let signature = signature(&url, TEST_KEY, "[]");
                assert_eq!(*post, format!("POST mandrill_events=%5B%5D Some({signature:?})"));
            }
        }
        for url in ["https://example.com/", "http://127.0.0.1:1/", "no URL"] {
            assert!(!is_reached(url).await, "{url}");
        }
    }

    async fn fake() -> FakeMandrill {
        FakeMandrill::start(0, "key").await.unwrap()
    }

    fn call(method: &str, body: Value, is_reached: bool) -> Received {
        Received { method: method.to_owned(), body, is_reached }
    }

    fn json_of(reply: FakeReply) -> (u16, Value) {
        let FakeReply::Answer(response) = reply else { panic!("{reply:?}") };
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
    }

    #[tokio::test]
    async fn webhook_is_made_changed_and_deleted() {
        let fake = fake().await;
        let ask = |one: Received| {
            fake.with(|mandrill| match one.method.as_str() {
                "add" => json_of(mandrill.add_webhook(&one)),
                "info" => json_of(mandrill.show_webhook(&one)),
                "update" => json_of(mandrill.change_webhook(&one)),
                _ => json_of(mandrill.delete_webhook(&one)),
            })
        };
        let good = json!({"url": URL, "description": "d", "events": ["send", "spam"]});
        for (body, is_reached) in [
            (good.clone(), false),
            (json!({"events": ["send"]}), true),
            (json!({"url": URL}), true),
            (json!({"url": URL, "events": []}), true),
            (json!({"url": URL, "events": ["bounce"]}), true),
        ] {
            let (status, answer) = ask(call("add", body.clone(), is_reached));
            assert_eq!((status, &answer["name"]), (500, &json!("ValidationError")), "{body}");
        }
        let (_, made) = ask(call("add", good, true));
        assert_eq!((&made["id"], &made["events"]), (&json!(1), &json!(["send", "spam"])));
        let key = made["auth_key"].clone();
        let change = json!({"id": 1, "url": URL, "events": ["reject"]});
        let (_, changed) = ask(call("update", change, true));
        assert_eq!((&changed["auth_key"], &changed["description"]), (&key, &json!("d")));
        assert_eq!(ask(call("info", json!({"id": 1}), false)), (200, changed));
        assert_eq!(ask(call("delete", json!({"id": 1}), false)).0, 200);
        assert_eq!(ask(call("info", json!({"id": 1}), false)).1["name"], "Unknown_Webhook");
    }

    #[tokio::test]
    async fn reset_key_signs_what_is_sent_next() {
        let fake = fake().await;
        fake.put_webhook(URL, "first");
        fake.put_mail(&json!({"to": [{"email": "ann@example.com"}], "metadata": {"ory_key": "k"}}));
        let id = fake.all_mails()[0]["_id"].as_str().unwrap().to_owned();
        let sent = |fate| {
            fake.let_happen(&id, fate).unwrap();
            fake.take_webhooks().remove(0)
        };
        let events = |sent: &SentEvents| {
            let pairs = url::form_urlencoded::parse(sent.body.as_bytes());
            pairs.map(|(_, value)| value.into_owned()).next().unwrap()
        };
        let one = sent(Fate::IsSent);
        assert_eq!(one.signature, signature(URL, "first", &events(&one)));
        // It happened before, and is sent after the reset.
        fake.let_happen(&id, Fate::IsDelivered).unwrap();
        let key = fake.reset_webhook_key(URL);
        let two = sent(Fate::HardBounces);
        assert_eq!(two.signature, signature(URL, &key, &events(&two)));
        let told: Vec<Value> = serde_json::from_str(&events(&two)).unwrap();
        let kinds: Vec<_> = told.iter().map(|event| event["event"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["delivered", "hard_bounce"]);
    }

    #[tokio::test]
    async fn webhook_gets_only_the_events_that_it_wants() {
        let fake = fake().await;
        let body = json!({"url": URL, "events": ["spam"]});
        fake.with(|mandrill| mandrill.add_webhook(&call("webhooks/add", body, true)));
        fake.put_mail(&json!({"to": [{"email": "ann@example.com"}], "metadata": {}}));
        let id = fake.all_mails()[0]["_id"].as_str().unwrap().to_owned();
        fake.let_happen(&id, Fate::IsDelivered).unwrap();
        assert!(fake.take_webhooks().is_empty());
        fake.let_happen(&id, Fate::IsReported).unwrap();
        assert_eq!(fake.take_webhooks().len(), 1);
        assert!(fake.take_webhooks().is_empty());
    }
}
