//! A whole function between moto's Secrets Manager, SQS and DynamoDB.

use aws_sdk_dynamodb::types::AttributeValue;
use fakes::{FakeMandrill, FakeMessage, WEBHOOK_KEY};
use integration::Deployment;
use mandrill_welcome::{NAME, SAMPLE_SENDER};
use ory_actions::up::samples::SAMPLES;
use serde_json::Value;
use shared::{idempotency::KEY_ATTRIBUTE, queue::MAX_MESSAGE_BYTES};
use time::OffsetDateTime;

use super::{
    MOTO, create_table, name,
    queue::{Peer, receives},
    sdk,
};

const MANDRILL_KEY: &str = "the-mandrill-key";

/// Makes a secret of this value; its name.
async fn secret(value: &str) -> String {
    let (client, name) = (aws_sdk_secretsmanager::Client::new(&sdk(&MOTO.url())), name());
    client.create_secret().name(&name).secret_string(value).send().await.unwrap();
    name
}

/// What Lambda makes of a message of SQS.
fn handed_over(message: &aws_sdk_sqs::types::Message) -> FakeMessage {
    FakeMessage {
        queue: "events".to_owned(),
        id: message.message_id.clone().unwrap(),
        body: message.body.clone().unwrap(),
        sent: OffsetDateTime::now_utc(),
        receive_count: receives(message),
        first_received: None,
        receipt: message.receipt_handle.clone().unwrap(),
        hidden_until: None,
        visibility: None,
    }
}

#[tokio::test]
async fn event_is_enqueued_received_sent_and_recorded_once() {
    let mandrill = FakeMandrill::start(0, MANDRILL_KEY).await.unwrap();
    let queue = Peer::with("150", MAX_MESSAGE_BYTES).await;
    let (sdk, table) = (sdk(&MOTO.url()), name());
    create_table(&sdk, &table).await;
    let mut sandbox = Deployment::of(NAME)
        .var("AWS_ENDPOINT_URL", MOTO.url())
        .var("WEBHOOK_SECRET_ID", secret(WEBHOOK_KEY).await)
        .var("MANDRILL_SECRET_ID", secret(MANDRILL_KEY).await)
        .var("MANDRILL_URL", mandrill.url())
        .var("FROM_EMAIL", SAMPLE_SENDER)
        .var("QUEUE_URL", &queue.url)
        .var("RECORDS_TABLE", &table)
        .start()
        .await;
    let sample = SAMPLES.iter().find(|sample| sample.function == NAME).unwrap();
    let event: Value = serde_json::from_str(sample.json()).unwrap();

    // The second time as Ory calls once more, and SQS delivers once more.
    for mails in [1, 0] {
        let answer = sandbox.invoke(event.clone()).await;
        assert_eq!(answer.row(), (202, "accepted"));
        assert_eq!(mandrill.take_received().len(), 0);
        let message = queue.receive_once().await;
        assert_eq!(sandbox.deliver(&[handed_over(&message)]).await, Vec::<String>::new());
        queue.delete(&message).await;
        let received = mandrill.take_received();
        let received: Vec<_> = received.iter().map(ToString::to_string).collect();
        assert_eq!(received, sample.expected.received[..mails]);
    }

    let records = aws_sdk_dynamodb::Client::new(&sdk).scan().table_name(&table);
    let [record] = records.send().await.unwrap().items.unwrap().try_into().unwrap();
    assert_eq!(record["state"], AttributeValue::S("delivered".to_owned()));
    assert!(matches!(&record[KEY_ATTRIBUTE], AttributeValue::S(id) if id.starts_with(NAME)));
    assert!(record.contains_key("vendor_id") && !record.contains_key("lease_until"));
}
