//! Queues of moto's SQS.

use std::time::Duration;

use aws_sdk_sqs::{
    Client,
    types::{Message, MessageSystemAttributeName, QueueAttributeName},
};
use serde_json::{Value, json};
use shared::queue::{MAX_MESSAGE_BYTES, Queue, QueueError, SqsQueue};
use tokio::time::sleep;

use super::{MOTO, name, ours, sdk};

/// A queue, as we and as a test see it.
pub(super) struct Peer {
    pub(super) url: String,
    client: Client,
}

impl Peer {
    /// A queue that hides a message for `visibility_timeout` seconds once it is received.
    pub(super) async fn with(visibility_timeout: &str, max_bytes: usize) -> Self {
        let client = Client::new(&sdk(&MOTO.url()));
        let queue = client
            .create_queue()
            .queue_name(name())
            .attributes(QueueAttributeName::VisibilityTimeout, visibility_timeout)
            .attributes(QueueAttributeName::MaximumMessageSize, max_bytes.to_string());
        let url = queue.send().await.unwrap().queue_url.unwrap();
        Self { url, client }
    }

    fn ours(&self) -> SqsQueue {
        SqsQueue::new(&ours(), &self.url)
    }

    /// How many messages rest in it.
    async fn messages(&self) -> String {
        let count = QueueAttributeName::ApproximateNumberOfMessages;
        let ask = self.client.get_queue_attributes().queue_url(&self.url);
        let answer = ask.attribute_names(count.clone()).send().await.unwrap();
        answer.attributes.unwrap().remove(&count).unwrap()
    }

    pub(super) async fn receive(&self) -> Vec<Message> {
        let receive = self.client.receive_message().queue_url(&self.url);
        let receive = receive.message_system_attribute_names(MessageSystemAttributeName::All);
        receive.send().await.unwrap().messages.unwrap_or_default()
    }

    pub(super) async fn receive_once(&self) -> Message {
        let [message] = self.receive().await.try_into().unwrap();
        message
    }

    pub(super) async fn delete(&self, message: &Message) {
        let delete = self.client.delete_message().queue_url(&self.url);
        let receipt = message.receipt_handle.clone().unwrap();
        delete.receipt_handle(receipt).send().await.unwrap();
    }
}

/// How often it was received.
pub(super) fn receives(message: &Message) -> u32 {
    let attributes = message.attributes.as_ref().unwrap();
    attributes[&MessageSystemAttributeName::ApproximateReceiveCount].parse().unwrap()
}

#[tokio::test]
async fn sent_message_is_received() {
    let queue = Peer::with("30", MAX_MESSAGE_BYTES).await;
    let body = json!({"name": "Zoë 😀 \"<&>\" \u{2028}", "n": 1.5, "none": null}).to_string();
    queue.ours().send(body.clone()).await.unwrap();
    assert_eq!(queue.receive_once().await.body.unwrap(), body);
}

#[tokio::test]
async fn characters_invalid_in_sqs_are_received_as_the_same_json() {
    let queue = Peer::with("30", MAX_MESSAGE_BYTES).await;
    let value = json!({"name": "a\u{fffe}b\u{ffff}c\u{1}d"});
    queue.ours().send(value.to_string()).await.unwrap();
    let body = queue.receive_once().await.body.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), value);
}

#[tokio::test]
async fn delayed_message_is_received_after_its_visibility_timeout() {
    let queue = Peer::with("1", MAX_MESSAGE_BYTES).await;
    queue.ours().send("{}".to_owned()).await.unwrap();
    let message = queue.receive_once().await;
    let receipt = message.receipt_handle.clone().unwrap();
    queue.ours().delay(&receipt, Duration::from_millis(2_500)).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    assert_eq!(queue.receive().await, []);
    sleep(Duration::from_millis(1_200)).await;
    let again = queue.receive_once().await;
    assert_eq!((again.message_id.as_ref(), receives(&again)), (message.message_id.as_ref(), 2));
}

#[tokio::test]
async fn message_with_zero_delay_is_received_at_once() {
    let queue = Peer::with("30", MAX_MESSAGE_BYTES).await;
    queue.ours().send("{}".to_owned()).await.unwrap();
    let receipt = queue.receive_once().await.receipt_handle.unwrap();
    queue.ours().delay(&receipt, Duration::ZERO).await.unwrap();
    assert_eq!(receives(&queue.receive_once().await), 2);
}

#[tokio::test]
async fn message_over_the_sqs_limit_is_not_sent() {
    let queue = Peer::with("30", MAX_MESSAGE_BYTES).await;
    let sent = queue.ours().send("x".repeat(MAX_MESSAGE_BYTES + 1)).await;
    assert!(matches!(sent, Err(QueueError::TooLarge)), "{sent:?}");
    assert_eq!(queue.receive().await, []);
    queue.ours().send("x".repeat(MAX_MESSAGE_BYTES)).await.unwrap();
    assert_eq!(queue.messages().await, "1");
}

#[tokio::test]
async fn message_over_the_queue_limit_is_an_error() {
    let queue = Peer::with("30", 1024).await;
    let sent = queue.ours().send("x".repeat(1025)).await;
    assert!(matches!(sent, Err(QueueError::Unreachable(_))), "{sent:?}");
    assert_eq!(queue.receive().await, []);
}

#[tokio::test]
async fn missing_queue_is_reported_as_unreachable() {
    let url = format!("{}/123456789012/not-there", MOTO.url());
    let sent = SqsQueue::new(&ours(), &url).send("{}".to_owned()).await;
    assert!(matches!(sent, Err(QueueError::Unreachable(_))), "{sent:?}");
}
