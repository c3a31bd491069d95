//! The queue of the function, over the API of SQS.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use aws_sdk_sqs::{
    Client,
    config::Builder,
    error::{ProvideErrorMetadata, SdkError},
    types::{QueueAttributeName as Attribute, SendMessageBatchRequestEntry},
};
use shared::{aws::Aws, queue::MAX_MESSAGE_BYTES};

use super::job::Entry;
use crate::aws::{CallError, failed, within};

/// The most messages of one call.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>
pub(super) const AT_ONCE: usize = 10;

/// A call may transfer a MiB.
const OPERATION: Duration = Duration::from_secs(30);

/// What SQS says if calls come too fast.
const THROTTLED: [&str; 3] = ["ThrottlingException", "RequestThrottled", "OverLimit"];

/// What waits in the queue, as far as SQS knows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Waiting {
    /// Those that Lambda can receive.
    pub(super) visible: u64,
    /// Those that it has received, and those that are delayed until their next attempt.
    pub(super) hidden: u64,
}

/// What became of one entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Sent {
    /// It is in the queue.
    Yes,
    /// It may be taken the next time.
    NotYet(String),
    /// It never will.
    Never(String),
}

/// A call failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot send to the queue")]
pub(super) struct OutboxError {
    /// Whether it may be done the next time.
    pub(super) is_temporary: bool,
    /// What went wrong.
    pub(super) source: CallError,
}

/// A queue to send to.
#[async_trait]
pub(super) trait Outbox: Sync {
    /// How many messages are in it.
    async fn waiting(&self) -> Result<Waiting, OutboxError>;

    /// Sends up to [`AT_ONCE`] entries: what became of each.
    async fn send(&self, entries: &[Entry]) -> Result<Vec<Sent>, OutboxError>;
}

/// A queue of SQS.
pub(super) struct SqsOutbox {
    client: Client,
    url: String,
}

impl SqsOutbox {
    /// The queue at `url`.
    pub(super) fn new(aws: &Aws, url: String) -> Self {
        let config = Builder::from(aws.sdk()).timeout_config(within(OPERATION)).build();
        Self { client: Client::from_conf(config), url }
    }

    /// The largest message that it takes, in bytes; so much may all messages of a call have together,
    /// whatever the limits of SQS in this region.
    pub(super) async fn max_message_bytes(&self) -> Result<usize, OutboxError> {
        let most = self.attributes(&[Attribute::MaximumMessageSize]).await?;
        let most = most.get(&Attribute::MaximumMessageSize).and_then(|most| most.parse().ok());
        Ok(most.unwrap_or(MAX_MESSAGE_BYTES).min(MAX_MESSAGE_BYTES))
    }

    async fn attributes(
        &self,
        names: &[Attribute],
    ) -> Result<HashMap<Attribute, String>, OutboxError> {
        let ask = self.client.get_queue_attributes().queue_url(&self.url);
        let told = ask.set_attribute_names(Some(names.to_vec())).send().await;
        Ok(told.map_err(not_done("GetQueueAttributes"))?.attributes.unwrap_or_default())
    }
}

#[async_trait]
impl Outbox for SqsOutbox {
    async fn waiting(&self) -> Result<Waiting, OutboxError> {
        let [visible, hidden] = [
            Attribute::ApproximateNumberOfMessages,
            Attribute::ApproximateNumberOfMessagesNotVisible,
        ];
        let told = self.attributes(&[visible.clone(), hidden.clone()]).await?;
        let count = |name| told.get(&name).and_then(|count| count.parse().ok()).unwrap_or_default();
        Ok(Waiting { visible: count(visible), hidden: count(hidden) })
    }

    async fn send(&self, entries: &[Entry]) -> Result<Vec<Sent>, OutboxError> {
        let mut call = self.client.send_message_batch().queue_url(&self.url);
        for (at, entry) in entries.iter().enumerate() {
            let one = SendMessageBatchRequestEntry::builder().id(at.to_string());
            let one = one.message_body(&entry.body).build();
            call = call.entries(one.map_err(|error| OutboxError {
                is_temporary: false,
                source: CallError::new("SendMessageBatch", error.to_string()),
            })?);
        }
        let told = call.send().await.map_err(not_done("SendMessageBatch"))?;
        let taken = told.successful().iter().map(|one| (one.id(), Sent::Yes));
        let failed = told.failed().iter().map(|one| {
            let code = one.code().to_owned();
            (one.id(), if one.sender_fault() { Sent::Never(code) } else { Sent::NotYet(code) })
        });
        let mut told: HashMap<_, _> = taken.chain(failed).collect();
        let silent = || Sent::NotYet("SQS did not say".to_owned());
        let of = |at: usize| told.remove(&*at.to_string()).unwrap_or_else(silent);
        Ok((0..entries.len()).map(of).collect())
    }
}

fn not_done<E>(operation: &'static str) -> impl FnOnce(SdkError<E>) -> OutboxError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    move |error| {
        let status = error.raw_response().map(|answer| answer.status().as_u16());
        let is_throttled = error.code().is_some_and(|code| THROTTLED.contains(&code));
        let is_unanswered = status.is_none() && !matches!(error, SdkError::ConstructionFailure(_));
        let is_down = status.is_some_and(|status| status >= 500 || status == 429);
        let is_temporary = is_throttled || is_unanswered || is_down;
        OutboxError { is_temporary, source: failed(operation)(error) }
    }
}
