//! All functions with their queues, their common table and fakes of their vendors.

use std::{collections::HashMap, path::PathBuf};

use fakes::{FakeDynamoDb, FakeSqs, server::FakeReply};
use integration::{Deployment, Sandbox, move_times};
use ory_actions::up::{
    local::{Fakes, PortNumbers},
    relays::Relay,
    samples::Sample,
};
use serde_json::Value;
use shared::idempotency::KEY_ATTRIBUTE;
use time::Duration;

const RELAY: &str = "relay-slack";

/// The relay of the stack. It holds calls in doubt, and so has records.
pub(crate) fn relay() -> &'static Relay {
    Relay::named("slack").unwrap()
}

pub(crate) const FUNCTIONS: [&str; 6] = [
    mandrill_welcome::NAME,
    segment_identify::NAME,
    mailchimp_inbound::NAME,
    mailchimp_subscribe::NAME,
    mandrill_inbound::NAME,
    RELAY,
];

const TABLE: &str = "records";

pub(crate) struct Stack {
    fakes: Fakes,
    sqs: FakeSqs,
    dynamo_db: FakeDynamoDb,
    sandboxes: HashMap<&'static str, Sandbox>,
}

/// What came of a delivery.
#[derive(Debug)]
pub(crate) struct Delivered {
    /// Whether the message need not stay in its queue.
    pub(crate) is_done: bool,
    /// What the vendors received, one line for each call, with the ids of Segment's calls.
    pub(crate) received: Vec<String>,
}

impl Stack {
    /// With this bootstrap; `None`: the one that the tests build.
    pub(crate) async fn start(bootstrap: Option<PathBuf>) -> Self {
        let fakes = Fakes::with_relays(PortNumbers::default(), &[relay()]).await.unwrap();
        let sqs = FakeSqs::start(0).await.unwrap();
        let dynamo_db = FakeDynamoDb::start(0).await.unwrap();
        dynamo_db.create_table(TABLE, KEY_ATTRIBUTE);
        let mut sandboxes = HashMap::new();
        for function in FUNCTIONS {
            sqs.create_queue(function);
            let handler = if function == RELAY { relay::NAME } else { function };
            let mut deployment = Deployment::of(handler)
                .var("AWS_ENDPOINT_URL", fakes.secrets_manager.url())
                .var("AWS_ENDPOINT_URL_SQS", sqs.url())
                .var("AWS_ENDPOINT_URL_DYNAMODB", dynamo_db.url())
                .var("QUEUE_URL", sqs.queue_url(function))
                .var("RECORDS_TABLE", TABLE);
            for (name, value) in fakes.settings(function) {
                deployment = deployment.var(name, value);
            }
            if let Some(bootstrap) = &bootstrap {
                deployment = deployment.binary(bootstrap.clone());
            }
            sandboxes.insert(function, deployment.start().await);
        }
        Self { fakes, sqs, dynamo_db, sandboxes }
    }

    /// Sends a sample event to its function; the messages that it enqueues.
    pub(crate) async fn accept(&mut self, sample: &Sample) -> Vec<String> {
        let event: Value = serde_json::from_str(sample.json()).unwrap();
        self.sandbox(sample.function).invoke(event).await;
        let messages = self.sqs.receive(sample.function, usize::MAX);
        messages
            .into_iter()
            .map(|message| {
                self.sqs.delete(&message.receipt);
                message.body
            })
            .collect()
    }

    /// Delivers a message of a function's queue.
    pub(crate) async fn deliver(&mut self, function: &str, message: &str) -> Delivered {
        let is_done = self.hand_over(function, message).await;
        Delivered { is_done, received: self.received() }
    }

    /// Delivers a message to mandrill-welcome, while Mandrill sends the mail and closes the connection.
    /// Whether the message need not stay, and the mail.
    pub(crate) async fn deliver_without_an_answer(&mut self, message: &str) -> (bool, Value) {
        self.fakes.mandrill.act_and_reply_next(FakeReply::HangUp);
        let is_done = self.hand_over(mandrill_welcome::NAME, message).await;
        let mut calls = self.fakes.mandrill.take_received().into_iter();
        (is_done, calls.find(fakes::Received::is_mail).unwrap().body["message"].take())
    }

    /// Whether the message need not stay in its queue.
    async fn hand_over(&mut self, function: &str, message: &str) -> bool {
        self.sqs.put(function, message);
        let messages = self.sqs.receive(function, usize::MAX);
        let kept = self.sandbox(function).deliver(&messages).await;
        for message in &messages {
            self.sqs.delete(&message.receipt);
        }
        kept.is_empty()
    }

    fn sandbox(&mut self, function: &str) -> &mut Sandbox {
        self.sandboxes.get_mut(function).unwrap()
    }

    fn received(&self) -> Vec<String> {
        let to_segment = self.fakes.segment.take_received();
        let to_segment = to_segment.iter().map(|call| {
            format!("{call}, messageId {}", call.body["messageId"].as_str().unwrap_or_default())
        });
        self.fakes.take_received().into_iter().chain(to_segment).collect()
    }

    /// The table's items.
    pub(crate) fn records(&self) -> Vec<Value> {
        self.dynamo_db.items(TABLE)
    }

    /// Makes a mail known to Mandrill.
    pub(crate) fn put_mail(&self, message: &Value) {
        self.fakes.mandrill.put_mail(message);
    }

    /// Puts items into the table that were recorded so long ago, as if that had been now.
    pub(crate) fn put_records(&self, records: &[Value], age: Duration) {
        for record in records {
            self.dynamo_db.put(TABLE, record).unwrap();
        }
        move_times(&self.dynamo_db, TABLE, age);
    }

    pub(crate) fn let_time_pass(&self, time: Duration) {
        move_times(&self.dynamo_db, TABLE, -time);
    }
}
