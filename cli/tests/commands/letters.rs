//! A deployed function with dead letters.

use fakes::{FakeMessage, FakeSqs};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    lambda::{FakeLambda, Function},
    logs::FakeLogs,
    world::{Done, run},
};

/// The name of the queue, and of that of the dead letters.
pub(crate) const QUEUE: &str = "ory-actions-mandrill-welcome";
pub(crate) const DEAD: &str = "ory-actions-MandrillWelcomeDeadLetters-3C4D";

pub(crate) const BLOCKED: &str = "the vendor rejected the API key";

/// The function, its queues and its log.
pub(crate) struct Letters {
    pub(crate) sqs: FakeSqs,
    pub(crate) logs: FakeLogs,
    lambda: FakeLambda,
    environment: Vec<(&'static str, String)>,
}

impl Letters {
    /// Without a dead letter.
    pub(crate) async fn start() -> Self {
        let sqs = FakeSqs::start(0).await.unwrap();
        sqs.create_queue_with_dead_letters(QUEUE, DEAD);
        let logs = FakeLogs::start().await;
        let mut function = Function::deployed();
        for version in function.versions.iter_mut().chain([&mut function.latest]) {
            version.variables.insert("QUEUE_URL".to_owned(), sqs.queue_url(QUEUE));
        }
        let lambda = FakeLambda::with(function).await;
        let environment = vec![
            ("AWS_ENDPOINT_URL_SQS", sqs.url()),
            ("AWS_ENDPOINT_URL_LAMBDA", lambda.url()),
            ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", logs.url()),
            ("AWS_ACCESS_KEY_ID", "anybody".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "anything".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ];
        Self { sqs, logs, lambda, environment }
    }

    /// In which the program finds them.
    pub(crate) fn environment(&self) -> Vec<(&'static str, &str)> {
        self.environment.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// Adds a dead letter, and what the log says of it.
    pub(crate) fn put(&self, number: u128, event: Value, cause: Option<&str>) {
        let id = event_id(number);
        let received_at = "2026-01-02T03:04:05.678Z";
        let message = json!({
            "version": 1, "function": "mandrill-welcome", "event_id": id, "trigger_id": id,
            "received_at": received_at, "event": event,
        });
        self.sqs.put(DEAD, &message.to_string());
        if let Some(cause) = cause {
            self.log(number, "2026-01-03T03:00:00Z", cause, None);
        }
    }

    /// Adds an attempt to the log.
    pub(crate) fn log(&self, number: u128, at: &str, cause: &str, identity: Option<Uuid>) {
        self.logs.write(json!({
            "message": "delivery", "event_id": event_id(number), "timestamp": at, "attempt": 100,
            "outcome": "blocked", "cause": cause, "identity_id": identity,
        }));
    }

    /// Takes the setting with its queue from the function.
    pub(crate) fn without_queue(&self) {
        let mut function = self.lambda.function.lock().unwrap();
        for version in &mut function.versions {
            version.variables.remove("QUEUE_URL");
        }
    }

    /// Makes a relay of the function, with these settings.
    pub(crate) fn relay(&self, settings: &[(&str, &str)]) {
        let mut function = self.lambda.function.lock().unwrap();
        function.handler = "relay";
        for version in &mut function.versions {
            let settings = settings.iter().map(|(name, value)| (*name, *value));
            version.variables.extend(settings.map(|(name, value)| (name.into(), value.into())));
        }
    }

    /// Runs `dead-letters`.
    pub(crate) async fn run(&self, command: &str, arguments: &[&str]) -> Done {
        let all = [&["dead-letters", command, "welcome"], arguments].concat();
        run(&all, &self.environment()).await
    }

    /// The numbers of the events in a queue.
    pub(crate) fn in_queue(&self, name: &str) -> Vec<u128> {
        let event = |message: &FakeMessage| {
            let body: Value = serde_json::from_str(&message.body).unwrap();
            body["event_id"].as_str().unwrap().parse::<Uuid>().unwrap().as_u128()
        };
        let mut events: Vec<_> = self.sqs.messages(name).iter().map(event).collect();
        events.sort_unstable();
        events
    }

    /// Whether nothing keeps anybody from receiving a dead letter.
    pub(crate) fn are_visible(&self) -> bool {
        self.sqs.messages(DEAD).iter().all(|message| !message.is_hidden())
    }
}

/// The id of an event that is about somebody of this number.
pub(crate) fn event_id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// An event about a person, whose values must not be told.
pub(crate) fn about(person: Uuid) -> Value {
    json!({"identity": {"id": person, "traits": {"email": "canary@example.com"}}})
}
