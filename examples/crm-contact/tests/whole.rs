//! The real binary behind a Runtime API, with fakes of every service that it calls.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::{Arc, Mutex};

use fakes::{
    FakeSecretsManager, FakeSqs, WEBHOOK_KEY,
    server::{FakeReply, Server},
};
use http::{HeaderMap, Request};
use integration::{Deployment, Event, Sandbox, hostile};
use serde_json::{Value, json};

/// The sign-up of Ann, from `events/`.
const REGISTRATION: &str = include_str!("../../../events/registration.json");

const QUEUE: &str = "events";
const TOKEN: &str = "the-token-of-the-crm";

/// The calls that the CRM received, and the token that it accepts.
#[derive(Default)]
struct Crm {
    received: Vec<(String, HeaderMap, Value)>,
    token: &'static str,
}

impl Crm {
    fn answer(&mut self, request: &Request<impl AsRef<[u8]>>) -> FakeReply {
        let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
        let body = serde_json::from_slice(request.body().as_ref()).unwrap();
        let is_known = headers["authorization"] == format!("Bearer {}", self.token);
        self.received.push((path, headers, body));
        if is_known {
            FakeReply::json(200, &json!({"results": [{"id": "512", "new": true}]}))
        } else {
            FakeReply::json(401, &json!({"category": "INVALID_AUTHENTICATION"}))
        }
    }
}

struct World {
    crm: Arc<Mutex<Crm>>,
    secrets: FakeSecretsManager,
    sqs: FakeSqs,
    sandbox: Sandbox,
    _server: Server,
}

impl World {
    async fn start() -> Self {
        let crm = Arc::new(Mutex::new(Crm { token: TOKEN, ..Crm::default() }));
        let shared = crm.clone();
        let server = Server::start(0, move |request| {
            let reply = shared.lock().unwrap().answer(&request);
            async move { reply }
        });
        let server = server.await.unwrap();
        let secrets = FakeSecretsManager::start(0).await.unwrap();
        secrets.put("webhook", WEBHOOK_KEY);
        secrets.put("crm", &json!({ "access_token": TOKEN }).to_string());
        let sqs = FakeSqs::start(0).await.unwrap();
        sqs.create_queue(QUEUE);
        let sandbox = Deployment::of("crm-contact")
            .binary(env!("CARGO_BIN_EXE_crm-contact").into())
            .var("AWS_ENDPOINT_URL", secrets.url())
            .var("AWS_ENDPOINT_URL_SQS", sqs.url())
            .var("WEBHOOK_SECRET_ID", "webhook")
            .var("QUEUE_URL", sqs.queue_url(QUEUE))
            .var("CRM_SECRET_ID", "crm")
            .var("CRM_URL", server.url())
            .start()
            .await;
        Self { crm, secrets, sqs, sandbox, _server: server }
    }

    /// Ann registers: her event is enqueued, then delivered; returns how many messages are left.
    async fn ann_registers(&mut self) -> usize {
        let event: Value = serde_json::from_str(REGISTRATION).unwrap();
        assert_eq!(self.sandbox.invoke(event).await.row(), (202, "accepted"));
        let messages = self.sqs.receive(QUEUE, 1);
        self.sandbox.deliver(&messages).await.len()
    }

    fn received(&self) -> Vec<(String, HeaderMap, Value)> {
        std::mem::take(&mut self.crm.lock().unwrap().received)
    }
}

#[tokio::test]
async fn registration_becomes_a_contact() {
    let mut world = World::start().await;
    assert_eq!(world.ann_registers().await, 0);
    let [(path, headers, body)] = world.received().try_into().unwrap();
    assert_eq!(path, "/crm/v3/objects/contacts/batch/upsert");
    assert_eq!(headers["authorization"], format!("Bearer {TOKEN}"));
    let properties = json!({"email": "ann@example.com", "firstname": "Ann"});
    let contact = json!({"idProperty": "email", "id": "ann@example.com", "properties": properties});
    assert_eq!(body, json!({"inputs": [contact]}));
    let log = world.sandbox.end().await;
    assert!(!log.contains("ann@example.com") && !log.contains(TOKEN));
}

#[tokio::test]
async fn rotated_token_is_refreshed_and_the_call_retried_once() {
    let mut world = World::start().await;
    world.crm.lock().unwrap().token = "the-next-token-of-the-crm";
    world.secrets.put("crm", r#"{"access_token":"the-next-token-of-the-crm"}"#);
    assert_eq!(world.ann_registers().await, 0);
    assert_eq!(world.received().len(), 2);
}

#[tokio::test]
async fn event_without_a_person_is_enqueued_then_skipped() {
    let mut world = World::start().await;
    let nobody = Event::of_ory(&json!({"identity": {"traits": {}}}), "no-trigger");
    let answer = world.sandbox.invoke(nobody.header("authorization", WEBHOOK_KEY)).await;
    assert_eq!(answer.row(), (202, "accepted"));
    let messages = world.sqs.receive(QUEUE, 1);
    assert!(world.sandbox.deliver(&messages).await.is_empty());
    assert!(world.received().is_empty());
    assert_eq!(world.sandbox.end().await.deliveries()[0]["outcome"], "skipped");
}

/// Each input is the name of a person: texts arrive unchanged, other values are left out.
#[tokio::test]
async fn any_sign_up_input_becomes_a_contact_of_strings() {
    let mut world = World::start().await;
    for (n, typed) in hostile::values().into_iter().enumerate() {
        let trigger = format!("{n:08}-2222-4222-8222-000000000001");
        let traits = json!({"email": "ann@example.com", "name": {"first": typed, "last": "Lee"}});
        let event = Event::of_ory(&json!({"identity": {"id": "i", "traits": traits}}), &trigger);
        let answer = world.sandbox.invoke(event.header("authorization", WEBHOOK_KEY)).await;
        assert_eq!(answer.row(), (202, "accepted"));
        let messages = world.sqs.receive(QUEUE, 1);
        assert!(world.sandbox.deliver(&messages).await.is_empty());
        world.sqs.delete(&messages[0].receipt);
        let [(_, _, body)] = world.received().try_into().unwrap();
        let mut properties = json!({"email": "ann@example.com", "lastname": "Lee"});
        if typed.as_str().is_some_and(|text| text.chars().count() <= 254) {
            properties["firstname"] = typed;
        }
        assert_eq!(body["inputs"][0]["properties"], properties);
    }
    assert_eq!(world.sandbox.starts(), 1);
}
