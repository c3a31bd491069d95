//! The queue of a function and that of its dead letters, over the API of SQS.

use std::{collections::HashMap, time::Duration};

use aws_sdk_sqs::{
    Client,
    config::Builder,
    error::ProvideErrorMetadata,
    types::{
        Message, MessageSystemAttributeName as MessageAttribute, QueueAttributeName as Attribute,
    },
};
use serde_json::Value;
use shared::aws::Aws;
use time::OffsetDateTime;

use super::{letter::Received, time_of_aws::TimeOfAws};
use crate::aws::{CallError, failed, within};

/// How long a letter that was read stays hidden: long enough to read all and to ask, and not long to
/// wait for after a crash.
const HIDDEN: Duration = Duration::from_mins(10);

/// The most that SQS gives at once.
const AT_ONCE: i32 = 10;
/// With a wait SQS asks all of its servers, so that an empty answer means that there are no more.
const WAIT_SECONDS: i32 = 2;
/// A call waits for letters, and may transfer ten large ones.
const OPERATION: Duration = Duration::from_secs(30);

/// What SQS says to a receipt of a message that is visible again or gone.
const NOT_HIDDEN: [&str; 4] = [
    "InvalidParameterValue",
    "MessageNotInflight",
    "AWS.SimpleQueueService.MessageNotInflight",
    "ReceiptHandleIsInvalid",
];

/// A queue has no dead letters.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoDeadLetters {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the queue {0} has no dead-letter queue")]
    Nowhere(String),
}

/// One queue, whose messages a person reads.
pub(crate) struct Queue {
    client: Client,
    time: TimeOfAws,
    url: String,
    /// What its messages are called.
    pub(crate) noun: &'static str,
    /// How long a message that was read stays hidden from others, unless it is made visible before.
    pub(crate) hidden: Duration,
}

/// How many messages a queue has. SQS does not know it exactly.
pub(crate) struct Count {
    pub(crate) visible: usize,
    pub(crate) hidden: usize,
}

impl Count {
    pub(crate) fn all(&self) -> usize {
        self.visible + self.hidden
    }
}

impl Queue {
    /// The queue of a function, at this URL.
    pub(crate) fn at(aws: &Aws, url: &str) -> Self {
        let time = TimeOfAws::default();
        let config = Builder::from(aws.sdk()).timeout_config(within(OPERATION));
        let client = Client::from_conf(config.interceptor(time.clone()).build());
        Self { client, time, url: url.to_owned(), noun: "messages in the queue", hidden: HIDDEN }
    }

    /// The time by the clock of AWS, at the last answer about this queue or its dead letters.
    pub(crate) fn time(&self) -> Option<OffsetDateTime> {
        self.time.last()
    }

    /// The queue of its dead letters, which its redrive policy names.
    pub(crate) async fn dead_letters(&self) -> Result<Self, NoDeadLetters> {
        let mut told = self.attributes(&[Attribute::RedrivePolicy]).await?;
        let policy = told.remove(&Attribute::RedrivePolicy);
        let policy = policy.and_then(|policy| serde_json::from_str::<Value>(&policy).ok());
        let arn = policy.as_ref().and_then(|policy| policy["deadLetterTargetArn"].as_str());
        let Some(name) = arn.and_then(|arn| arn.rsplit(':').next()) else {
            return Err(NoDeadLetters::Nowhere(self.url.clone()));
        };
        let told = self.client.get_queue_url().queue_name(name).send().await;
        let url = told.map_err(failed("GetQueueUrl"))?.queue_url.unwrap_or_default();
        let (client, time) = (self.client.clone(), self.time.clone());
        Ok(Self { client, time, url, noun: "dead letters", hidden: HIDDEN })
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }

    /// How many messages there are.
    pub(crate) async fn count(&self) -> Result<Count, CallError> {
        let (visible, hidden) = (
            Attribute::ApproximateNumberOfMessages,
            Attribute::ApproximateNumberOfMessagesNotVisible,
        );
        let told = self.attributes(&[visible.clone(), hidden.clone()]).await?;
        let number = |name| told.get(name).and_then(|count: &String| count.parse().ok());
        let number = |name| number(name).unwrap_or_default();
        Ok(Count { visible: number(&visible), hidden: number(&hidden) })
    }

    async fn attributes(
        &self,
        names: &[Attribute],
    ) -> Result<HashMap<Attribute, String>, CallError> {
        let ask = self.client.get_queue_attributes().queue_url(&self.url);
        let told = ask.set_attribute_names(Some(names.to_vec())).send().await;
        Ok(told.map_err(failed("GetQueueAttributes"))?.attributes.unwrap_or_default())
    }

    /// Some more messages, and hides them; none if all are hidden.
    pub(crate) async fn receive(&self) -> Result<Vec<Received>, CallError> {
        let hidden = i32::try_from(self.hidden.as_secs()).unwrap_or(i32::MAX);
        let receive = self.client.receive_message().queue_url(&self.url);
        let receive = receive.max_number_of_messages(AT_ONCE).wait_time_seconds(WAIT_SECONDS);
        let receive = receive.visibility_timeout(hidden);
        let receive = receive.message_system_attribute_names(MessageAttribute::SentTimestamp);
        let received = receive.send().await.map_err(failed("ReceiveMessage"))?;
        Ok(received.messages.unwrap_or_default().into_iter().map(received_message).collect())
    }

    /// Puts the body of a message into it.
    pub(crate) async fn send(&self, body: &str) -> Result<(), CallError> {
        let send = self.client.send_message().queue_url(&self.url).message_body(body);
        send.send().await.map(drop).map_err(failed("SendMessage"))
    }

    /// Deletes a message.
    pub(crate) async fn delete(&self, receipt: &str) -> Result<(), CallError> {
        let delete = self.client.delete_message().queue_url(&self.url);
        let deleted = delete.receipt_handle(receipt).send().await;
        deleted.map(drop).map_err(failed("DeleteMessage"))
    }

    /// Makes a message visible, unless it is.
    pub(crate) async fn make_visible(&self, receipt: &str) -> Result<(), CallError> {
        let change = self.client.change_message_visibility().queue_url(&self.url);
        let changed = change.receipt_handle(receipt).visibility_timeout(0).send().await;
        match changed {
            Err(error) if error.code().is_some_and(|code| NOT_HIDDEN.contains(&code)) => Ok(()),
            changed => changed.map(drop).map_err(failed("ChangeMessageVisibility")),
        }
    }
}

fn received_message(message: Message) -> Received {
    let sent = message.attributes.as_ref();
    let sent = sent.and_then(|all| all.get(&MessageAttribute::SentTimestamp)?.parse::<i128>().ok());
    let sent = sent.map(|millis| OffsetDateTime::from_unix_timestamp_nanos(millis * 1_000_000));
    Received {
        id: message.message_id.unwrap_or_default(),
        receipt: message.receipt_handle.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
        sent: sent.and_then(Result::ok),
    }
}
