//! The environment of the functions beside Kratos: vendors, secrets, a queue and a table.

use fakes::{FakeDynamoDb, FakeMessage, FakeSqs};
use integration::Deployment;
use ory_actions::up::local::{Fakes, PortNumbers};
use shared::idempotency::KEY_ATTRIBUTE;

use super::front::Front;

pub(super) const QUEUE: &str = "events";
const TABLE: &str = "records";

/// The fakes.
pub(super) struct World {
    /// Vendors and secrets.
    pub(super) fakes: Fakes,
    /// The queue of the functions.
    pub(super) sqs: FakeSqs,
    dynamo_db: FakeDynamoDb,
}

impl World {
    pub(super) async fn start() -> Self {
        let fakes = Fakes::start(PortNumbers::default()).await.unwrap();
        let sqs = FakeSqs::start(0).await.unwrap();
        sqs.create_queue(QUEUE);
        let dynamo_db = FakeDynamoDb::start(0).await.unwrap();
        dynamo_db.create_table(TABLE, KEY_ATTRIBUTE);
        Self { fakes, sqs, dynamo_db }
    }

    /// A function that delivers inline.
    pub(super) fn function(&self, name: &'static str) -> Deployment {
        let deployment =
            Deployment::of(name).var("AWS_ENDPOINT_URL", self.fakes.secrets_manager.url());
        let settings = self.fakes.settings(name).into_iter();
        settings.fold(deployment, |all, (name, value)| all.var(name, value))
    }

    /// A function that stores what it accepts.
    pub(super) fn queued_function(&self, name: &'static str) -> Deployment {
        self.function(name)
            .var("AWS_ENDPOINT_URL_SQS", self.sqs.url())
            .var("AWS_ENDPOINT_URL_DYNAMODB", self.dynamo_db.url())
            .var("QUEUE_URL", self.sqs.queue_url(QUEUE))
            .var("RECORDS_TABLE", TABLE)
    }

    /// What rests in the queue.
    pub(super) fn stored(&self) -> Vec<FakeMessage> {
        self.sqs.messages(QUEUE)
    }

    /// Hands the function what rests in the queue, as if all waiting were over, and deletes what
    /// is done.
    pub(super) async fn work(&self, function: &Front) {
        self.sqs.make_visible(QUEUE);
        for message in self.sqs.receive(QUEUE, usize::MAX) {
            if function.deliver(std::slice::from_ref(&message)).await.is_empty() {
                self.sqs.delete(&message.receipt);
            }
        }
    }

    /// To whom mails went since the last look, tries that failed too.
    pub(super) fn mails(&self) -> Vec<String> {
        let calls = self.fakes.mandrill.take_received();
        let mails = calls.iter().filter(|call| call.is_mail());
        let to = mails.map(|call| call.body["message"]["to"][0]["email"].as_str());
        to.map(|email| email.unwrap().to_owned()).collect()
    }
}
