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

const READ: &str = "POST /crm/objects/2026-03/contacts/batch/read";
const CREATE: &str = "POST /crm/objects/2026-03/contacts";
const UPDATE: &str = "PATCH /crm/objects/2026-03/contacts/512";

/// The one contact of the CRM, the calls that it received, and the token that it accepts.
#[derive(Default)]
struct Crm {
    contact: Option<Value>,
    received: Vec<(String, HeaderMap, Value)>,
    token: &'static str,
    /// Whether the next write gets no answer.
    hangs_up: bool,
}

impl Crm {
    fn answer(&mut self, request: &Request<impl AsRef<[u8]>>) -> FakeReply {
        let (method, path) = (request.method().clone(), request.uri().path());
        let body: Value = serde_json::from_slice(request.body().as_ref()).unwrap();
        let is_known = request.headers()["authorization"] == format!("Bearer {}", self.token);
        self.received.push((format!("{method} {path}"), request.headers().clone(), body.clone()));
        if !is_known {
            return FakeReply::json(401, &json!({"category": "INVALID_AUTHENTICATION"}));
        }
        if path.ends_with("/batch/read") {
            let results: Vec<_> = self.contact.iter().map(known).collect();
            return FakeReply::json(200, &json!({ "results": results }));
        }
        let properties = body["properties"].as_object().unwrap().clone();
        let contact = self.contact.get_or_insert_with(|| json!({}));
        contact.as_object_mut().unwrap().extend(properties);
        if std::mem::take(&mut self.hangs_up) {
            return FakeReply::HangUp;
        }
        FakeReply::json(if method == "POST" { 201 } else { 200 }, &known(contact))
    }
}

fn known(properties: &Value) -> Value {
    json!({"id": "512", "properties": properties})
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

    /// What was not delivered comes again.
    async fn again(&mut self) -> usize {
        self.sqs.make_visible(QUEUE);
        let messages = self.sqs.receive(QUEUE, 1);
        self.sandbox.deliver(&messages).await.len()
    }

    fn received(&self) -> Vec<(String, HeaderMap, Value)> {
        std::mem::take(&mut self.crm.lock().unwrap().received)
    }

    /// The lines of the calls that were received.
    fn lines(&self) -> Vec<String> {
        self.received().into_iter().map(|(line, ..)| line).collect()
    }

    fn contact(&self) -> Value {
        self.crm.lock().unwrap().contact.clone().unwrap()
    }
}

#[tokio::test]
async fn registration_becomes_a_contact() {
    let mut world = World::start().await;
    assert_eq!(world.ann_registers().await, 0);
    let [(read, headers, asked), (created, ..)] = world.received().try_into().unwrap();
    assert_eq!((&*read, &*created), (READ, CREATE));
    assert_eq!(headers["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(asked["inputs"], json!([{"id": "ann@example.com"}]));
    let ann = json!({"email": "ann@example.com", "firstname": "Ann", "lifecyclestage": "lead"});
    assert_eq!(world.contact(), ann);
    let log = world.sandbox.end().await;
    assert!(!log.contains("ann@example.com") && !log.contains(TOKEN));
}

#[tokio::test]
async fn what_sales_has_changed_stays() {
    let mut world = World::start().await;
    let changed =
        json!({"email": "ann@example.com", "firstname": null, "lifecyclestage": "customer"});
    world.crm.lock().unwrap().contact = Some(changed);
    assert_eq!(world.ann_registers().await, 0);
    assert_eq!(world.lines(), [READ, UPDATE]);
    assert_eq!(world.contact()["firstname"], "Ann");
    assert_eq!(world.contact()["lifecyclestage"], "customer");
}

#[tokio::test]
async fn write_without_an_answer_starts_over_from_the_read() {
    let mut world = World::start().await;
    world.crm.lock().unwrap().hangs_up = true;
    assert_eq!(world.ann_registers().await, 1, "it stays in the queue");
    assert_eq!(world.lines(), [READ, CREATE]);
    assert_eq!(world.again().await, 0);
    assert_eq!(world.lines(), [READ], "it was created");
}

#[tokio::test]
async fn rotated_token_is_refreshed_and_the_call_retried_once() {
    let mut world = World::start().await;
    world.crm.lock().unwrap().token = "the-next-token-of-the-crm";
    world.secrets.put("crm", r#"{"access_token":"the-next-token-of-the-crm"}"#);
    assert_eq!(world.ann_registers().await, 0);
    assert_eq!(world.lines(), [READ, READ, CREATE]);
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
        let contact = world.crm.lock().unwrap().contact.take().unwrap();
        let mut properties =
            json!({"email": "ann@example.com", "lastname": "Lee", "lifecyclestage": "lead"});
        if typed.as_str().is_some_and(|text| text.chars().count() <= 254) {
            properties["firstname"] = typed;
        }
        assert_eq!(contact, properties);
    }
    assert_eq!(world.sandbox.starts(), 1);
}
